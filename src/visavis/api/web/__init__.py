"""The pages at `/` and `/kiosk`: a few files without a build step, which use the public API only."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"

HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""On every file of the pages: nothing from another host, no inline script, no stale file after an upgrade."""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page() -> FileResponse:
    """The page."""
    return FileResponse(STATIC / "index.html", media_type="text/html; charset=utf-8", headers=HEADERS)


@router.get("/kiosk")
async def kiosk() -> FileResponse:
    """The page for a touch screen."""
    return FileResponse(STATIC / "kiosk.html", media_type="text/html; charset=utf-8", headers=HEADERS)


@router.get("/kiosk/")
async def kiosk_directory(request: Request) -> RedirectResponse:
    """The page's real path; a relative one, because behind a gateway this server does not know its own address."""
    query = request.url.query
    return RedirectResponse(f"../kiosk?{query}" if query else "../kiosk", headers=HEADERS)


class Assets(StaticFiles):
    """The pages' other files."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file `path`, with the pages' headers."""
        answer = await super().get_response(path, scope)
        answer.headers.update(HEADERS)
        return answer
