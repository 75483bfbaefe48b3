"""The engine: sessions, turns, playout, journal, events. Floor 3."""
