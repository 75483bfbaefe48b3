"""Render jobs: offline bundles that were asked for, so that they survive a restart."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from visavis.errors import NotFound
from visavis.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

RenderState = Literal["pending", "running", "complete", "failed"]


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One bundle. Times are Unix time in seconds."""

    id: str
    session_id: str
    avatar_id: str
    model: str
    """The face model."""
    upload: str
    """Id of the sound to render; empty for the session's journal."""
    created_at: float
    state: RenderState = "pending"
    error: str = ""
    """Why it failed, for people."""
    ended_at: float | None = None
    """None until it is complete or has failed."""


class RenderJobs:
    """The table of render jobs. Every method may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, job: RenderJob) -> None:
        """Keep a job, new or in place of the one with its id."""

        def work(connection: "Connection") -> None:
            from visavis.store.schema import render_jobs as table

            values = asdict(job)
            if not connection.execute(table.update().where(table.c.id == job.id).values(**values)).rowcount:
                connection.execute(table.insert().values(**values))

        await self._database.run(work)

    async def get(self, job_id: str) -> RenderJob:
        """The job of that id; `NotFound` if there is none."""
        found = await self._select(lambda table: table.select().where(table.c.id == job_id))
        if not found:
            raise NotFound("job not found")
        return found[0]

    async def open(self) -> list[RenderJob]:
        """Those that are not over, the oldest first."""
        return await self._select(
            lambda table: table.select().where(table.c.ended_at.is_(None)).order_by(table.c.created_at, table.c.id)
        )

    async def delete(self, job_id: str) -> None:
        """Forget a job."""

        def work(connection: "Connection") -> None:
            from visavis.store.schema import render_jobs as table

            connection.execute(table.delete().where(table.c.id == job_id))

        await self._database.run(work)

    async def ended_before(self, limit: float) -> list[RenderJob]:
        """Those that ended before `limit`."""
        return await self._select(lambda table: table.select().where(table.c.ended_at < limit))

    async def _select(self, query: Any) -> list[RenderJob]:
        def work(connection: "Connection") -> list[RenderJob]:
            from visavis.store.schema import render_jobs as table

            return [RenderJob(**row) for row in connection.execute(query(table)).mappings()]

        return await self._database.run(work)
