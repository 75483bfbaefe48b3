"""Kiosk sessions."""

from sqlalchemy import Column, Connection, Double, Index, MetaData, String, Table, Text


def upgrade(connection: Connection) -> None:
    """Make the table `kiosk_sessions`."""
    metadata = MetaData()
    Table(
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
    metadata.create_all(connection, checkfirst=False)
