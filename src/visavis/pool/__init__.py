"""Where sessions live. The verbs are the same for every pool: inline (one process) and workers (many).

`SessionHandle` is the only door to a session. Arguments and results are plain values.
"""

from visavis.pool.contract import SessionHandle, SessionPool
from visavis.pool.verbs import (
    Answer,
    Chat,
    NewSession,
    Offer,
    Say,
    SessionInfo,
    Transcribe,
    Transcription,
    TurnAccepted,
)

__all__ = [
    "Answer",
    "Chat",
    "NewSession",
    "Offer",
    "Say",
    "SessionHandle",
    "SessionInfo",
    "SessionPool",
    "Transcribe",
    "Transcription",
    "TurnAccepted",
]
