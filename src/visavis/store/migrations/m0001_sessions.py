"""Session records."""

from sqlalchemy import Column, Connection, Double, Index, MetaData, String, Table


def upgrade(connection: Connection) -> None:
    """Make the table `sessions`."""
    metadata = MetaData()
    Table(
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
    metadata.create_all(connection, checkfirst=False)
