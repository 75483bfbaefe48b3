"""LiveKit: a session as a participant of somebody else's room (contract protoface 2)."""
