"""`visavis serve`: the server with its page."""

import logging
import socket
import sys
from pathlib import Path

import click
import uvicorn

from visavis import telemetry
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.cli.configuration import settings as read_settings
from visavis.errors import InvalidInput
from visavis.pool import SessionPool
from visavis.pool.queue import QueuedPool
from visavis.pool.recorded import RecordedPool
from visavis.pool.workers import WorkersPool
from visavis.settings import Settings
from visavis.store import Store

log = logging.getLogger(__name__)

PEM = click.Path(exists=True, dir_okay=False, path_type=Path)

LOOPBACK = ("127.0.0.1", "::1", "localhost")

GRACE = 5
"""Seconds running requests have to finish after sessions have been ended."""


class Server(uvicorn.Server):
    """Says where it listens, and ends sessions (and so their event streams) before it waits for requests."""

    def __init__(self, config: uvicorn.Config, pool: SessionPool) -> None:
        super().__init__(config)
        self._pool = pool

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        scheme = "https" if self.config.is_ssl else "http"
        for server in self.servers:
            for place in server.sockets[:1]:
                host, port = place.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                click.echo(f"Visavis is ready: {scheme}://{shown}:{port}/", err=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the sessions, then the server."""
        await self._pool.drain()
        await super().shutdown(sockets)


@click.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.  [default: 8000]")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Where everything is kept.  [default: ./data]")
@click.option("--workers", type=click.IntRange(0, 256), help="Media processes; 0 is one per core.  [default: 0]")
@click.option("--ssl-certfile", type=PEM, help="A certificate: browsers give no microphone without TLS.")
@click.option("--ssl-keyfile", type=PEM, help="The certificate's key.")
@click.option("--inline", is_flag=True, help="Carry the media in the server's own process: for debugging.")
def serve(
    host: str | None,
    port: int | None,
    data_dir: Path | None,
    workers: int | None,
    ssl_certfile: Path | None,
    ssl_keyfile: Path | None,
    inline: bool,
) -> None:
    """Run the server with its page."""
    settings = read_settings(host=host, port=port, data_dir=data_dir, workers=workers)
    _check_network(settings)
    telemetry.configure(settings.log_level, "api")
    if settings.host not in LOOPBACK and not settings.require_keys:
        log.warning("whoever reaches %s can use this server; VISAVIS_REQUIRE_KEYS asks for keys", settings.host)
    store = Store(settings)
    sessions = _inline(settings) if inline else WorkersPool(settings)
    pool = RecordedPool(QueuedPool(sessions, settings), store, settings)
    config = uvicorn.Config(
        create_app(pool, settings, Catalogue(settings), store),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="wsproto",
        # A client whose sound has to wait can't be heard to answer a ping: its answer waits behind the sound.
        ws_ping_timeout=None,
        # What comes and goes here is sound, which gains nothing.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        ssl_certfile=ssl_certfile,
        ssl_keyfile=ssl_keyfile,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = Server(config, pool)
    server.run()
    if not server.started:
        sys.exit(1)


def _check_network(settings: Settings) -> None:
    """Find mistakes in what only the media processes read, before they die of them."""
    if not (settings.udp_ports or settings.ice_servers or settings.public_address):
        return
    from visavis.transport.ice import Network

    try:
        Network.from_settings(settings)
    except InvalidInput as error:
        raise click.ClickException(error.message) from None


def _inline(settings: Settings) -> SessionPool:
    """Half a second to import, and only for this."""
    from visavis.pool.inline import InlinePool

    return InlinePool(settings)
