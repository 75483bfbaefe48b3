"""The tables as they are now. Changing one takes a migration: a test compares the two."""

from sqlalchemy import Column, Double, Index, Integer, LargeBinary, MetaData, String, Table, Text

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

organisations = Table(
    "organisations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("created_at", Double, nullable=False),
    Index("organisations_by_name", "name", unique=True),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("organisation", String(32), nullable=False),
    Column("name", String(128), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("shown", String(32), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("rate", Integer, nullable=False),
    Column("concurrency", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double),
    Column("revoked_at", Double),
    Index("api_keys_by_digest", "digest", unique=True),
    Index("api_keys_by_organisation", "organisation"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("organisation", String(32), nullable=False),
    Column("request", String(64), nullable=False),
    Column("claimed_at", Double, nullable=False),
    Column("claimant", String(36), nullable=False),
    Column("status", Integer),
    Column("body", LargeBinary),
    Index("idempotency_keys_by_age", "claimed_at"),
)

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("organisation", String(32), nullable=False),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("secret", String(128), nullable=False),
    Column("former_secret", String(128), nullable=False),
    Column("former_until", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Index("webhook_endpoints_by_organisation", "organisation"),
)

webhook_events = Table(
    "webhook_events",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("organisation", String(32), nullable=False),
    Column("type", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", Double, nullable=False),
    Index("webhook_events_by_age", "created_at"),
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", String(32), nullable=False),
    Column("endpoint", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Double),
    Index("webhook_deliveries_by_due", "due_at"),
    Index("webhook_deliveries_by_event", "event"),
    Index("webhook_deliveries_by_endpoint", "endpoint"),
    sqlite_autoincrement=True,
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("duration_ms", Double, nullable=False),
    Column("status", Integer),
    Column("error", String(32), nullable=False),
    Index("webhook_attempts_by_delivery", "delivery"),
    sqlite_autoincrement=True,
)

avatar_sessions = Table(
    "avatar_sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organisation", String(36), nullable=False),
    Column("key_id", String(36), nullable=False),
    Column("avatar_id", String(36), nullable=False),
    Column("status", String(16), nullable=False),
    Column("quality", String(16), nullable=False),
    Column("transport", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("max_duration", Integer, nullable=False),
    Column("idle_timeout", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("first_frame_at", Double),
    Column("ended_at", Double),
    Column("failed_at", Double),
    Column("failure_code", String(64), nullable=False),
    Column("failure_message", Text, nullable=False),
    Column("billable_seconds", Integer, nullable=False),
    Column("frames", Integer, nullable=False),
    Index("avatar_sessions_by_organisation", "organisation", "created_at"),
    Index("avatar_sessions_by_use", "organisation", "first_frame_at"),
    Index("avatar_sessions_by_status", "status"),
)

avatars = Table(
    "avatars",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("organisation", String(36), nullable=False),
    Column("slug", String(128), nullable=False),
    Column("name", String(128), nullable=False),
    Column("runtime_type", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("failure_reason", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Index("avatars_by_organisation", "organisation", "created_at"),
)
