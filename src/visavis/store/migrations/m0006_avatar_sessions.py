"""Sessions in customers' rooms, and the avatars that organisations know."""

from sqlalchemy import Column, Connection, Double, Index, Integer, MetaData, String, Table, Text


def upgrade(connection: Connection) -> None:
    """Make the tables `avatar_sessions` and `avatars`."""
    metadata = MetaData()
    Table(
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
    Table(
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
    metadata.create_all(connection, checkfirst=False)
