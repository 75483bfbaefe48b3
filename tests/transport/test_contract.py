import asyncio

import pytest

from visavis.media.chunk import AVChunk
from visavis.testing.contract import ContractBroken
from visavis.testing.recording import RecordingTransport
from visavis.testing.transport import check_transport


class Scribbling(RecordingTransport):
    """Fades sound out where it was given it."""

    def play(self, chunk: AVChunk) -> None:
        if len(chunk.pcm):
            chunk.pcm[:] = 0


class Untidy(RecordingTransport):
    """Leaves a task behind."""

    task: asyncio.Task[object] | None = None

    def play(self, chunk: AVChunk) -> None:
        self.task = self.task or asyncio.create_task(asyncio.Event().wait())


class Awaitable(RecordingTransport):
    """Plays later, if anybody waits for it."""

    async def play(self, chunk: AVChunk) -> None:  # type: ignore[override]  # that is what is wrong with it
        self.chunks.append(chunk)


async def test_a_transport_that_keeps_the_contract_passes() -> None:
    await check_transport(RecordingTransport())


@pytest.mark.parametrize(("broken", "promise"), [(Scribbling, "writes"), (Untidy, "tasks are left")])
async def test_a_transport_that_does_not_is_told_which_promise_it_breaks(
    broken: type[RecordingTransport], promise: str
) -> None:
    transport = broken()
    with pytest.raises(ContractBroken, match=promise):
        await check_transport(transport)
    if isinstance(transport, Untidy) and transport.task:
        transport.task.cancel()
        await asyncio.wait([transport.task])


@pytest.mark.filterwarnings("ignore:coroutine")
async def test_play_may_not_be_a_coroutine() -> None:
    with pytest.raises(ContractBroken, match="awaitable"):
        await check_transport(Awaitable())  # type: ignore[arg-type]  # mypy finds it too
