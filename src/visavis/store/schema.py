"""The tables as they are now. Changing one takes a migration: a test compares the two."""

from sqlalchemy import Column, Double, Index, MetaData, String, Table, Text

metadata = MetaData()

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("avatar_id", String(128), nullable=False),
    Column("model", String(128), nullable=False),
    Column("tts_provider", String(128), nullable=False),
    Column("tts_voice", String(256), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("end_reason", String(32), nullable=False),
    Index("sessions_by_owner", "owner", "created_at"),
    Index("sessions_by_end", "ended_at"),
)

kiosk_sessions = Table(
    "kiosk_sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("conversation_id", String(128), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("history", Text, nullable=False),
    Column("snapshot", Text, nullable=False),
    Index("kiosk_sessions_by_start", "created_at"),
    Index("kiosk_sessions_by_end", "ended_at"),
    Index("kiosk_sessions_by_conversation", "conversation_id", "created_at"),
)
