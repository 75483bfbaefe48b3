"""The WebSocket for what the avatar says, in the contract's dialect, over a real server."""

import numpy as np
import pytest

from tests.api.sockets import SAMPLES, connected, pushed, sound, until
from visavis.api.opentalking import audio_stream
from visavis.api.opentalking.socket import MAX_SOUND
from visavis.session.events import Failed, TurnEnded, TurnStarted
from visavis.testing.fake_pool import FakeSession


async def test_config_sound_and_eos(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        await client.say(type="config", sample_rate=24_000)
        assert await client.told() == {"type": "ack"}
        for number in range(5):
            await client.sound(bytes([number, 0]) * 480)
        await client.say(type="eos")
        assert await client.closed() == 1000
    commands = pushed(session)
    assert sound(session) == b"".join(bytes([number, 0]) * 480 for number in range(5))
    assert {command.sample_rate for command in commands} == {24_000}
    assert [command.last for command in commands] == [False] * (len(commands) - 1) + [True]
    assert len({command.turn for command in commands} - {""}) == 1
    assert commands[0].turn == ""


async def test_sound_may_come_without_a_config(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        await client.sound(SAMPLES)
        await client.say(type="eos")
        assert await client.closed() == 1000
    assert (sound(session), pushed(session)[0].sample_rate) == (SAMPLES, 16_000)


async def test_large_messages_go_on_in_small_pieces(port: int, session: FakeSession) -> None:
    data = np.arange(30_000, dtype="<i2").tobytes()
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        await client.sound(data)
        await client.say(type="eos")
        assert await client.closed() == 1000
    assert sound(session) == data
    assert max(len(command.pcm) for command in pushed(session)) == 3200


async def test_eos_without_sound(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        await client.say(type="eos")
        assert await client.closed() == 1000
    assert session.commands == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rubbish", "send sound"),
        ("[" * 4000, "send sound"),
        ("[1]", "send sound"),
        ('"eos"', "send sound"),
        ("{}", "send sound"),
        ('{"type": "dance"}', "send sound"),
        ('{"type": "end"}', "send sound"),
        ('{"type": ["eos"]}', "send sound"),
        ('{"type": "eos", "x": "' + "y" * 5000 + '"}', "send sound"),
        ('{"type": "config", "sample_rate": "16000"}', "sample_rate"),
        ('{"type": "config", "sample_rate": 16000.5}', "sample_rate"),
        ('{"type": "config", "sample_rate": true}', "sample_rate"),
        ('{"type": "config", "sample_rate": null}', "sample_rate"),
        ('{"type": "config", "sample_rate": 3999}', "sample_rate"),
        ('{"type": "config", "sample_rate": 192001}', "sample_rate"),
        ('{"type": "config", "sample_rate": 1e400}', "sample_rate"),
    ],
)
async def test_a_wrong_message_is_told_and_the_socket_stays_open(
    text: str, message: str, port: int, session: FakeSession
) -> None:
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        await client.text(text)
        told = await client.told()
        assert (told["type"], told["code"], sorted(told)) == (
            "error",
            "invalid_input",
            ["code", "message", "type"],
        )
        assert message in told["message"]
        assert "y" * 10 not in told["message"]
        await client.sound(SAMPLES)
        await client.say(type="eos")
        assert await client.closed() == 1000
    assert sound(session) == SAMPLES


async def test_half_a_sample_is_told_and_left_out(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        await client.sound(b"abc")
        assert (await client.told())["code"] == "invalid_input"
        await client.sound(SAMPLES)
        await client.sound(b"")
        await client.say(type="eos")
        assert await client.closed() == 1000
    assert sound(session) == SAMPLES


async def test_the_rate_stays_within_a_turn(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        await client.sound(SAMPLES)
        await client.say(type="config", sample_rate=8000)
        assert (await client.told())["code"] == "invalid_input"
        await client.say(type="config", sample_rate=16_000)
        assert await client.told() == {"type": "ack"}
        await client.say(type="interrupt")
        await client.say(type="config", sample_rate=8000)
        assert await client.told() == {"type": "ack"}
        await client.sound(SAMPLES)
        await client.say(type="eos")
        assert await client.closed() == 1000
    assert pushed(session)[-1].sample_rate == 8000


async def test_interrupting_ends_the_turn_and_more_can_follow(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        await client.sound(SAMPLES)
        seq, _ = await until(session, TurnStarted)
        await client.say(type="interrupt")
        seq, ended = await until(session, TurnEnded, seq)
        assert isinstance(ended, TurnEnded)
        assert ended.reason == "interrupted"
        await client.sound(SAMPLES)
        await client.say(type="eos")
        assert await client.closed() == 1000
    _, ended = await until(session, TurnEnded, seq)
    assert isinstance(ended, TurnEnded)
    assert ended.reason == "completed"
    assert [command.turn for command in pushed(session)].count("") == 2


async def test_being_interrupted_by_somebody_else_ends_the_conversation(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        await client.sound(SAMPLES)
        await until(session, TurnStarted)
        await session.interrupt()
        assert (await client.told())["code"] == "interrupted"
        assert await client.closed() == 4409


async def test_the_newer_of_two_sockets_is_heard(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as first, connected(port, session.id) as second:
        await (await first.accepted()).sound(SAMPLES)
        await until(session, TurnStarted)
        await (await second.accepted()).sound(SAMPLES)
        assert (await first.told())["code"] == "interrupted"
        assert await first.closed() == 4409
        await second.say(type="eos")
        assert await second.closed() == 1000


async def test_leaving_ends_the_sound_and_not_the_turn(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        client = await connection.accepted()
        for _ in range(20):
            await client.sound(SAMPLES)
        await client.leave()
        _, ended = await until(session, TurnEnded)
    assert isinstance(ended, TurnEnded)
    assert ended.reason == "completed"
    assert sound(session) == SAMPLES * 20


async def test_a_connection_that_breaks_ends_the_sound(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).sound(SAMPLES)
        await until(session, TurnStarted)
    await until(session, TurnEnded)
    assert pushed(session)[-1].last


async def test_a_turn_that_fails_is_told(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).sound(SAMPLES)
        _, started = await until(session, TurnStarted)
        assert isinstance(started, TurnStarted)
        turn = started.turn
        session.happen(Failed("face", "upstream_failed", "the face did not answer", turn))
        session.finish("failed")
        told = await connection.told()
        assert (told["code"], told["message"]) == ("upstream_failed", "the face did not answer")
        assert await connection.closed() == 1011


async def test_silence_in_the_middle_ends_the_sound(
    port: int, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_stream, "STALLED", 0.02)
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).sound(SAMPLES)
        assert (await connection.told())["code"] == "idle"
        assert await connection.closed() == 4408
    assert pushed(session)[-1].last


async def test_silence_from_the_beginning(
    port: int, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio_stream, "SILENT", 0.02)
    async with connected(port, session.id) as connection:
        assert (await (await connection.accepted()).told())["code"] == "idle"
        assert await connection.closed() == 4408
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="config")
        assert await connection.told() == {"type": "ack"}
        assert (await connection.told())["code"] == "idle"
        assert await connection.closed() == 4408
    assert session.commands == []


async def test_a_message_over_the_limit(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).sound(SAMPLES)
        await connection.sound(bytes(MAX_SOUND + 2))
        assert (await connection.told())["code"] == "too_large"
        assert await connection.closed() == 1009
    assert sound(session) in (SAMPLES, b"")


@pytest.mark.parametrize("begin", [False, True])
async def test_the_end_of_the_session(begin: bool, port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        await connection.accepted()
        if begin:
            await connection.sound(SAMPLES)
            await until(session, TurnStarted)
        await session.close()
        told = await connection.told()
        assert told["type"] == "error"
        # The end of a session interrupts first.
        assert told["code"] in ("terminated", "interrupted" if begin else "terminated")
        assert await connection.closed() == 4409
    async with connected(port, session.id) as connection:
        await connection.accepted()
        assert (await connection.told())["code"] == "terminated"
        assert await connection.closed() == 4409


async def test_a_defect_is_not_shown(port: int, session: FakeSession, caplog: pytest.LogCaptureFixture) -> None:
    session.failure = RuntimeError("secret")
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).sound(SAMPLES)
        told = await connection.told()
        assert (told["code"], told["message"]) == ("internal", "internal error; the server's log tells more")
        assert await connection.closed() == 1011
    assert "secret" in caplog.text


@pytest.mark.parametrize("name", ["nobody", "00000000-0000-4000-8000-000000000000", "%00", "x" * 3000])
async def test_an_unknown_session_is_told_in_both_dialects(name: str, port: int, session: FakeSession) -> None:
    async with connected(port, name) as connection:
        told = await (await connection.accepted()).told()
        assert told == {
            "type": "error",
            "code": "not_found",
            "message": "session not found",
            "error": "session not found",
        }
        assert await connection.closed() == 4004


async def test_other_pages_may_not_connect(port: int, session: FakeSession) -> None:
    async with connected(port, session.id, origin="https://elsewhere.example") as connection:
        assert await connection.refused() == 403
    for origin in (f"http://127.0.0.1:{port}", "https://kiosk.example"):
        async with connected(port, session.id, origin=origin) as connection:
            await connection.accepted()
