"""Jobs that render offline bundles."""

from sqlalchemy import Column, Connection, Double, Index, MetaData, String, Table, Text


def upgrade(connection: Connection) -> None:
    """Make the table `render_jobs`."""
    metadata = MetaData()
    Table(
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
    metadata.create_all(connection, checkfirst=False)
