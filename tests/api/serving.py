"""The application behind a real uvicorn in a thread, for clients that are not asynchronous."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

PATIENCE = 60.0
"""Seconds after which a server that does not start or end has failed the test."""


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]  # sockets unused
        await super().startup()
        self.listens.set()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address of a server with `app`."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, ws="wsproto", timeout_graceful_shutdown=1
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, name="server")
    thread.start()
    try:
        assert server.listens.wait(PATIENCE)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()
