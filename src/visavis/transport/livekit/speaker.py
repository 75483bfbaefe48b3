"""The speaker: the one participant whose sound is said, and who may ask for silence."""


class Speaker:
    """Known beforehand, or the first who speaks; pinned for good (contract protoface 2.2)."""

    def __init__(self, identity: str = "") -> None:
        self.identity = identity
        """Empty as long as nobody has spoken."""

    def admits(self, identity: str) -> bool:
        """Whether `identity` may speak; if nobody was pinned, it is now."""
        self.identity = self.identity or identity
        return self.identity == identity

    def is_known_as(self, identity: str) -> bool:
        """Whether it is `identity` who is pinned."""
        return bool(identity) and self.identity == identity
