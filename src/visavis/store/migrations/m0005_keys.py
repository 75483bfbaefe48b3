"""Organisations and their keys, answers that are repeated, webhooks."""

from sqlalchemy import Column, Connection, Double, Index, Integer, LargeBinary, MetaData, String, Table, Text


def upgrade(connection: Connection) -> None:
    """Make their tables."""
    metadata = MetaData()
    Table(
        "organisations",
        metadata,
        Column("id", String(32), primary_key=True),
        Column("name", String(128), nullable=False),
        Column("created_at", Double, nullable=False),
        Index("organisations_by_name", "name", unique=True),
    )
    Table(
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
    Table(
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
    Table(
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
    Table(
        "webhook_events",
        metadata,
        Column("id", String(32), primary_key=True),
        Column("organisation", String(32), nullable=False),
        Column("type", String(64), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", Double, nullable=False),
        Index("webhook_events_by_age", "created_at"),
    )
    Table(
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
    Table(
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
    metadata.create_all(connection, checkfirst=False)
