"""Where sessions live. The verbs are the same for every pool: inline (one process) and workers (many).

`SessionHandle` is the only door to a session. Arguments and results are plain values.
"""

from visavis.pool.contract import SessionHandle, SessionPool
from visavis.pool.verbs import (
    Answer,
    Chat,
    Customise,
    Exchange,
    Hear,
    Listen,
    NewSession,
    Occupancy,
    Offer,
    PushAudio,
    Recite,
    Recorded,
    Say,
    SessionInfo,
    Transcribe,
    Transcription,
    TurnAccepted,
    Upstreams,
)
from visavis.session.plan import Plan

__all__ = [
    "Answer",
    "Chat",
    "Customise",
    "Exchange",
    "Hear",
    "Listen",
    "NewSession",
    "Occupancy",
    "Offer",
    "Plan",
    "PushAudio",
    "Recite",
    "Recorded",
    "Say",
    "SessionHandle",
    "SessionInfo",
    "SessionPool",
    "Transcribe",
    "Transcription",
    "TurnAccepted",
    "Upstreams",
]
