"""The tables as they are now. Changing one takes a migration: a test compares the two."""

from sqlalchemy import Column, Double, Index, Integer, MetaData, String, Table, Text

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

render_jobs = Table(
    "render_jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("session_id", String(36), nullable=False),
    Column("avatar_id", String(128), nullable=False),
    Column("model", String(128), nullable=False),
    Column("upload", String(36), nullable=False),
    Column("state", String(16), nullable=False),
    Column("error", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("ended_at", Double),
    Index("render_jobs_by_end", "ended_at"),
)

voices = Table(
    "voices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", String(128), nullable=False),
    Column("provider", String(128), nullable=False),
    Column("voice_id", String(256), nullable=False),
    Column("display_label", String(128), nullable=False),
    Column("target_model", String(128), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("consent_by", String(256), nullable=False),
    Column("consent_at", Double),
    Column("consent_text", String(128), nullable=False),
    Index("voices_by_name", "voice_id"),
    sqlite_autoincrement=True,
)
