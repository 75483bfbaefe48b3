"""Cloned voices."""

from sqlalchemy import Column, Connection, Double, Index, Integer, MetaData, String, Table


def upgrade(connection: Connection) -> None:
    """Make the table `voices`."""
    metadata = MetaData()
    Table(
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
        # An entry's id is never given to another.
        sqlite_autoincrement=True,
    )
    metadata.create_all(connection, checkfirst=False)
