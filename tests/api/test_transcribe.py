from pathlib import Path

import httpx
import pytest

from visavis.api.opentalking.transcribe import MAX_BYTES
from visavis.errors import Conflict, InvalidInput, StageFailed
from visavis.pool import Chat, Transcribe
from visavis.settings import Settings
from visavis.testing.fake_pool import FakeSession

PCM = bytes(3200)


def kept(settings: Settings) -> list[Path]:
    return list((settings.data_dir / "uploads").glob("*"))


async def test_raw_sound_in_the_contracts_field(
    client: httpx.AsyncClient, session: FakeSession, settings: Settings
) -> None:
    answer = await client.post(f"/sessions/{session.id}/transcribe", files={"audio": ("a.pcm", PCM)})
    assert (answer.status_code, answer.json()["transcript"]) == (200, "what was said")
    (command,) = session.commands
    assert isinstance(command, Transcribe)
    assert (command.sample_rate, command.chat) == (16_000, False)
    assert kept(settings) == []


async def test_a_file_in_the_deployed_field_says_its_rate_itself_and_never_chats(
    client: httpx.AsyncClient, session: FakeSession
) -> None:
    answer = await client.post(
        f"/sessions/{session.id}/transcribe", files={"file": ("a.webm", PCM)}, data={"trigger_chat": "true"}
    )
    assert answer.json() == {"session_id": session.id, "text": "what was said", "transcript": "what was said"}
    (command,) = session.commands
    assert isinstance(command, Transcribe)
    assert (command.sample_rate, command.chat) == (0, False)


async def test_what_was_said_is_answered_on_request(client: httpx.AsyncClient, session: FakeSession) -> None:
    await client.post(
        f"/sessions/{session.id}/transcribe",
        files={"audio": ("a.pcm", PCM)},
        data={"trigger_chat": "true", "sample_rate": "8000"},
    )
    first, second = session.commands
    assert isinstance(first, Transcribe)
    assert (first.sample_rate, first.chat) == (8000, True)
    assert isinstance(second, Chat)


@pytest.mark.parametrize(
    ("files", "data", "status", "detail"),
    [
        ({}, {}, 400, "audio: field required"),
        ({"audio": ("a", b"")}, {}, 400, "audio: must not be empty"),
        ({"audio": ("a", PCM)}, {"sample_rate": "3"}, 400, "sample_rate: must be greater than or equal to 4000"),
        ({"audio": ("a", PCM)}, {"sample_rate": "fast"}, 400, "sample_rate: must be a whole number"),
    ],
)
async def test_a_wrong_request_is_refused(
    files: dict[str, tuple[str, bytes]],
    data: dict[str, str],
    status: int,
    detail: str,
    client: httpx.AsyncClient,
    session: FakeSession,
) -> None:
    answer = await client.post(f"/sessions/{session.id}/transcribe", files=files, data=data)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)
    assert session.commands == []


async def test_a_file_over_the_limit_is_refused_and_not_kept(
    client: httpx.AsyncClient, session: FakeSession, settings: Settings
) -> None:
    for size in (MAX_BYTES + 1, MAX_BYTES + 1024 * 1024):
        answer = await client.post(f"/sessions/{session.id}/transcribe", files={"audio": ("a", bytes(size))})
        assert answer.status_code == 413
        assert isinstance(answer.json()["detail"], str)
    assert kept(settings) == []


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (InvalidInput("the file can't be decoded as sound"), 400),
        (Conflict("interrupted"), 409),
        (StageFailed("asr", "the recogniser has died"), 502),
    ],
)
async def test_a_failure_is_told_and_nothing_is_kept(
    failure: Exception, status: int, client: httpx.AsyncClient, session: FakeSession, settings: Settings
) -> None:
    session.failure = failure
    answer = await client.post(f"/sessions/{session.id}/transcribe", files={"audio": ("a", PCM)})
    assert (answer.status_code, answer.json()["detail"]) == (status, str(failure))
    assert kept(settings) == []


async def test_an_unknown_session_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.post("/sessions/nobody/transcribe", files={"audio": ("a", PCM)})
    assert answer.status_code == 404
