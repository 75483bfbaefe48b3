"""`/api/v1/context` (contract kiosk 2.3): what a kiosk's questions are answered from."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, File, UploadFile
from fastapi.exceptions import HTTPException

from visavis.api.kiosk.errors import Route, refusals, wrong_field
from visavis.api.kiosk.services.rag_schemas import (
    Cleared,
    ContextAdded,
    ContextRequest,
    ContextStats,
    FileResult,
    FilesAdded,
)
from visavis.api.kiosk.services.shared import MIB, Shared
from visavis.api.kiosk.services.shelf import COLLECTION, Shelf, UnknownKind
from visavis.api.parts import House
from visavis.api.principal import principal
from visavis.errors import InvalidInput, TooLarge
from visavis.settings import Settings

MAX_BYTES = 10 * MIB
"""Of one file (contract kiosk 2.3)."""

router = APIRouter(
    route_class=Route,
    tags=["kiosk: context"],
    prefix="/api/v1/context",
    dependencies=[Depends(principal)],
    responses=refusals(),
)


@router.post("", responses=refusals(413, 422, 503))
async def add_context(body: ContextRequest, shared: Shared) -> ContextAdded:
    """Add a text; one of the same source takes its place."""
    try:
        chunks = await shared.shelf.add_text(body.source, body.text, body.metadata or {})
    except InvalidInput as error:
        raise HTTPException(422, error.message) from None
    return ContextAdded(chunks_added=chunks, source=body.source)


@router.post("/file", responses=refusals(413, 422, 503))
async def add_context_files(
    shared: Shared,
    file: Annotated[list[UploadFile] | None, File(description="One file or several.")] = None,
    files: Annotated[list[UploadFile] | None, File(description="The same under its later name.")] = None,
) -> FilesAdded:
    """Add files; one of the same name takes its place. Refused only if none of them can be added."""
    sent = [*(file or ()), *(files or ())]
    if not sent:
        raise wrong_field("file", "field required", None)
    results: list[FileResult] = []
    refused: HTTPException | None = None
    for one in sent:
        try:
            results.append(await _add(shared.shelf, one))
        except HTTPException as error:
            refused = refused or error
            results.append(FileResult(source=_shown(one), status="failed", detail=str(error.detail)))
    if refused is not None and not any(result.status == "ok" for result in results):
        raise refused
    return _summed(results)


@router.get("/stats", responses=refusals(503))
async def context_stats(house: House, shared: Shared) -> ContextStats:
    """What there is to answer from."""
    return await stats(house.settings, shared.shelf)


async def stats(settings: Settings, shelf: Shelf) -> ContextStats:
    """What there is on `shelf`, and what looks it up. Raises `Unavailable`."""
    stock = await shelf.stock()
    return ContextStats(
        collection_name=COLLECTION,
        persist_directory="visavis",
        document_count=stock.passages,
        file_count=stock.documents,
        chunking_strategy="sections and sentences",
        llm_model=settings.llm_model or settings.chat_provider,
        embedding_model="none: full-text search",
        reranker_model="built in",
    )


@router.delete("", responses=refusals(503))
async def clear_context(shared: Shared) -> Cleared:
    """Remove all that was added here. What `visavis knowledge` manages stays, and answers again."""
    await shared.shelf.clear()
    return Cleared()


async def _add(shelf: Shelf, sent: UploadFile) -> FileResult:
    data = await sent.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise HTTPException(413, f"file too large: the maximum is {MAX_BYTES // MIB} MB")
    try:
        source, chunks = await shelf.add_file(sent.filename or "", data)
    except UnknownKind as error:
        raise HTTPException(415, error.message) from None
    except InvalidInput as error:
        raise HTTPException(422, error.message) from None
    except TooLarge as error:
        raise HTTPException(413, error.message) from None
    return FileResult(source=source, chunks_added=chunks, status="ok")


def _shown(sent: UploadFile) -> str:
    name = "".join(char for char in sent.filename or "" if char.isprintable())
    return name.replace("\\", "/").rpartition("/")[2][:120] or "upload"


def _summed(results: Sequence[FileResult]) -> FilesAdded:
    good = [result for result in results if result.status == "ok"]
    chunks = sum(result.chunks_added for result in good)
    return FilesAdded(
        chunks_added=chunks,
        source=good[0].source,
        total_chunks_added=chunks,
        files_processed=len(results),
        files_succeeded=len(good),
        files_failed=len(results) - len(good),
        results=list(results),
    )
