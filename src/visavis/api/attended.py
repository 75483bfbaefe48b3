"""Work that is given up when the client for whom it is done has gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.types import Receive

from visavis.errors import Conflict

T = TypeVar("T")


async def attended(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What `work` comes to; it is cancelled if the client goes meanwhile. The body has to be read by then."""
    task = asyncio.create_task(work, name="work for a client")
    watch = asyncio.create_task(leave(request.receive, task), name="watch a client")
    try:
        await asyncio.wait([task])
        if task.cancelled():
            raise Conflict("the client has gone")
        return task.result()
    finally:
        watch.cancel()
        task.cancel()
        await asyncio.wait([task, watch])


async def leave(receive: Receive, work: "asyncio.Task[Any]") -> None:
    """Cancel `work` when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
    work.cancel()
