"""The read-aloud voices against a strict stub of their service, over a real socket."""

import asyncio
import sys
import time
import types
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from visavis.errors import InvalidInput, UpstreamFailed
from visavis.media.samples import Samples, rms
from visavis.outbound import Outbound
from visavis.registry import provider
from visavis.session.casting import Casting, VoiceChoice
from visavis.settings import Settings
from visavis.testing.tts import check_voice
from visavis.testing.voice_stubs import Answer, Behaviour, EdgeStub, Failure
from visavis.testing.voice_stubs.edge import END, START, heading, sound, word
from visavis.testing.voice_stubs.sound import cut, mp3_tone
from visavis.tts import Mark, Speech, edge
from visavis.tts.edge import Doorman, EdgeProvider, EdgeVoice
from visavis.tts.edge_protocol import Prosody, language_of_voice, library_token, token

TEXT = "Hello there, how are you today?"
MP3 = mp3_tone()


def settings(stub: EdgeStub, **more: Any) -> Settings:
    options = {"url": stub.url, **more.pop("options", {})}
    return Settings(tts="edge", options={"edge": options}, **more)


def voice(stub: EdgeStub, name: str = "en-US-AvaNeural", **more: Any) -> EdgeVoice:
    return EdgeProvider(settings(stub, **more)).voice(name, "en")


async def spoken(voice: EdgeVoice, text: str = TEXT) -> list[Speech]:
    return [piece async for piece in voice.speak(text)]


def joined(pieces: list[Speech]) -> Samples:
    return np.concatenate([piece.pcm for piece in pieces])


def marks(pieces: list[Speech]) -> list[Mark]:
    return [mark for piece in pieces for mark in piece.marks]


@asynccontextmanager
async def impatient(stub: EdgeStub, seconds: float) -> AsyncIterator[EdgeVoice]:
    made = voice(stub)
    outbound = Outbound.for_configured(Settings(), stub.url)
    yield EdgeVoice(made.info, outbound, stub.url, Doorman(), Prosody(), timeout=seconds)


async def test_given_a_sentence_when_spoken_then_it_is_asked_for_as_the_service_wants_it() -> None:
    async with EdgeStub() as stub:
        pieces = await spoken(voice(stub))
        assert {piece.sample_rate for piece in pieces} == {24_000}
        assert len(joined(pieces)) == pytest.approx(24_000, abs=3_000)
        assert rms(joined(pieces)[5_000:20_000]) > 7_000
        assert max(len(piece.pcm) for piece in pieces) < 3_000
        assert not any(piece.marked for piece in pieces)
        (request,) = stub.requests
        assert request.text == TEXT
        assert request.voice == "Microsoft Server Speech Text to Speech Voice (en-US, AvaNeural)"
        assert request.prosody == {"rate": "+0%", "pitch": "+0Hz", "volume": "+0%"}
        await request.ended.wait()
        assert not request.abandoned


async def test_given_options_when_spoken_then_they_are_sent() -> None:
    async with EdgeStub() as stub:
        await spoken(voice(stub, options={"rate": "+20%", "pitch": "-5Hz", "volume": "-10%"}))
        assert stub.requests[0].prosody == {"rate": "+20%", "pitch": "-5Hz", "volume": "-10%"}


@pytest.mark.parametrize("text", ["Fish & <chips> 'n' \"peas\" &amp; more", "a\x0bb\x00c d", "床前明月光。"])
async def test_given_any_text_when_spoken_then_it_arrives(text: str) -> None:
    async with EdgeStub() as stub:
        assert await spoken(voice(stub), text)
        assert stub.requests[0].text == text.replace("\x0b", " ").replace("\x00", " ")


async def test_given_a_dialect_when_spoken_then_its_name_is_taken_apart() -> None:
    async with EdgeStub() as stub:
        await spoken(voice(stub, "zh-CN-liaoning-XiaobeiNeural"))
        assert stub.requests[0].voice.endswith("(zh-CN-liaoning, XiaobeiNeural)")


async def test_given_words_when_spoken_then_they_are_marked_in_the_text() -> None:
    async with EdgeStub() as stub:
        pieces = await spoken(voice(stub))
        found = [(mark.value, mark.offset) for mark in marks(pieces)]
        assert found == [("Hello", 0), ("there", 6), ("how", 13), ("are", 17), ("you", 21), ("today", 25)]
        times = [mark.start for mark in marks(pieces)]
        assert np.diff(times) == pytest.approx(2_400, abs=2)


async def test_given_words_that_are_odd_when_spoken_then_the_rest_is_marked() -> None:
    messages = [
        START, word("Hello", 0.3), word("", 0.31), word("nowhere", 0.2), word("how", 0.4),
        heading("audio.metadata", '{"Metadata": [{"Type": "SessionEnd", "Data": {}}]}'),
        sound(MP3), word("today", 0.1), sound(b""), END,
    ]  # fmt: skip
    async with EdgeStub() as stub:
        stub.then(Answer(messages))
        found = [(mark.value, mark.offset) for mark in marks(await spoken(voice(stub)))]
        assert found[:3] == [("Hello", 0), ("nowhere", -1), ("how", 13)]


async def test_given_the_conformance_suite_when_run_against_the_stub_then_it_passes() -> None:
    async with EdgeStub() as stub:
        await check_voice(voice(stub), TEXT)


async def test_given_a_service_that_is_still_at_work_when_it_has_sent_sound_then_that_is_heard() -> None:
    gate = asyncio.Event()
    pieces = [sound(piece) for piece in cut(MP3, 720)]
    async with EdgeStub() as stub:
        stub.then(Answer([START, *pieces, END], gates={4: gate}))
        speech = voice(stub).speak(TEXT)
        first = await anext(speech)
        assert not stub.requests[0].ended.is_set()
        gate.set()
        rest = [piece async for piece in speech]
        assert len(joined([first, *rest])) > 20_000


@pytest.mark.parametrize("text", ["", " ", "…", "?!"])
async def test_given_nothing_to_say_when_spoken_then_nobody_is_asked(text: str) -> None:
    async with EdgeStub() as stub:
        assert await spoken(voice(stub), text) == []
        assert stub.connections == 0


@pytest.mark.parametrize(
    ("behaviour", "words", "tries"),
    [
        (Failure(400, f"No, {TEXT}"), r"refused the request \(status 400\): No, …$", 1),
        (Failure(401), r"refused the key.*\(status 401\)$", 1),
        (Failure(403), r"this machine's clock, and install the extra edge.*\(status 403\)$", 3),
        (Failure(429), r"try again later \(status 429\): The stub says no\.$", 1),
        (Failure(500, "at 10.0.0.7:80"), r"has failed; try again later \(status 500\): at …$", 3),
        (Failure(302), "something else", 1),
        ("empty", "sent no sound", 3),
        ("rubbish", "the protocol does not have", 3),
        (Answer(["no headers"]), "the protocol does not have", 3),
        (Answer([b"\x00"]), "the protocol does not have", 3),
        (Answer([b"\x00\xffshort"]), "the protocol does not have", 3),
        (Answer([b"\x00\x0bPath:secret"]), "the protocol does not have", 3),
        (Answer([b"\x00\x0aPath:audiosecret"]), "the protocol does not have", 3),
        (Answer([heading("audio.metadata", '{"secret": 1}')]), "the protocol does not have", 3),
        (Answer([START, sound(b"secret <html>" * 1_000), END]), "can't be used: it is no MP3", 3),
        (Answer([START, sound(b"secret"), END]), "can't be used|no sound", 3),
        (Answer([], ending="cut"), "broke off", 3),
        (Answer([b"x" * 2_000_000]), "far too much", 1),
    ],
)
async def test_given_a_bad_service_when_spoken_then_it_is_tried_again_if_that_may_help(
    behaviour: Behaviour, words: str, tries: int
) -> None:
    async with EdgeStub() as stub:
        stub.then(*[behaviour] * tries)
        made = voice(stub)
        with pytest.raises(UpstreamFailed, match=words) as failed:
            await spoken(made)
        assert failed.value.stage == "tts"
        message = failed.value.message
        assert not [
            private for private in ("secret", "10.0.0.7", "127.0.0.1", TEXT, "6A5AA") if private in message
        ]
        assert stub.handshakes == tries
        assert await spoken(made), "the next sentence works"


@pytest.mark.parametrize("behaviour", [Failure(503), "empty", "rubbish", Answer([START], ending="cut")])
async def test_given_a_service_that_fails_twice_when_spoken_then_the_third_time_counts(
    behaviour: Behaviour,
) -> None:
    async with EdgeStub() as stub:
        stub.then(behaviour, behaviour)
        assert len(joined(await spoken(voice(stub)))) > 20_000
        assert stub.handshakes == 3


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("cut", "broke off"),
        ("stall", "did not answer in time"),
        (Answer([START, sound(MP3[:3_000]), heading("secret", "")]), "the protocol does not have"),
        (Answer([START, sound(MP3[:3_000] + b"<html>" * 2_000), END]), "can't be used: it is damaged"),
    ],
)
async def test_given_sound_that_breaks_off_when_spoken_then_what_came_is_said_and_it_is_not_tried_again(
    behaviour: Behaviour, words: str
) -> None:
    async with EdgeStub() as stub, impatient(stub, 1.0 if behaviour == "stall" else 30.0) as made:
        stub.then(behaviour)
        pieces: list[Speech] = []
        with pytest.raises(UpstreamFailed, match=words):
            async for piece in made.speak(TEXT):
                pieces.append(piece)
        assert 8_000 < len(joined(pieces)) < 16_000
        assert stub.handshakes == 1


async def test_given_an_answer_without_end_when_spoken_then_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "MAX_BYTES", 50_000)
    async with EdgeStub() as stub:
        stub.then(Answer([START, *[sound(MP3)] * 20, END]))
        with pytest.raises(UpstreamFailed, match="far too much"):
            await spoken(voice(stub))


async def test_given_a_service_that_never_begins_when_spoken_then_it_fails_after_the_timeout() -> None:
    async with EdgeStub() as stub, impatient(stub, 0.05) as made:
        stub.always(Answer(gates={0: asyncio.Event()}))
        with pytest.raises(UpstreamFailed, match="did not answer in time"):
            await spoken(made)


async def test_given_no_service_when_spoken_then_the_error_says_what_to_check() -> None:
    async with EdgeStub() as stub:
        await stub.down()
        with pytest.raises(UpstreamFailed, match="cannot be reached; check the network"):
            await spoken(voice(stub))


async def test_given_a_clock_that_is_wrong_when_refused_then_the_service_s_own_is_used() -> None:
    async with EdgeStub() as stub:
        stub.now = time.time() + 7_200
        made = voice(stub)
        assert await spoken(made)
        assert stub.handshakes == 2
        assert await spoken(made)
        assert stub.handshakes == 3, "it is learnt once"


async def test_given_the_library_when_installed_then_its_tokens_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    drm, constants = types.ModuleType("edge_tts.drm"), types.ModuleType("edge_tts.constants")
    newest = f"{'A' * 16}-{'B' * 64}"
    drm.generate_sec_ms_gec_v2 = lambda now: newest  # type: ignore[attr-defined]  # a module made up here
    constants.SEC_MS_GEC_VERSION = "2-1.2.3.4"  # type: ignore[attr-defined]  # a module made up here
    for name, module in {"edge_tts": types.ModuleType("edge_tts"), "edge_tts.drm": drm}.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "edge_tts.constants", constants)
    async with EdgeStub() as stub:
        assert await spoken(voice(stub))
        assert stub.requests[0].token == newest


def test_given_no_library_when_asked_then_the_plain_token_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "edge_tts", None)
    assert library_token() is None
    # Anybody can make this digest: printf 133444736000000000… | sha256sum
    assert token(1_700_000_000.5)[0] == token(1_699_999_800)[0] != token(1_700_000_100)[0]
    assert token(0)[1].startswith("1-")


async def test_given_a_listener_that_stops_when_closed_then_the_service_sees_it_leave() -> None:
    async with EdgeStub() as stub:
        stub.then(Answer([START, sound(MP3), END], gates={2: asyncio.Event()}))
        speech = voice(stub).speak(TEXT)
        await anext(speech)
        await speech.aclose()  # type: ignore[attr-defined]  # an async generator
        await stub.requests[0].ended.wait()
        assert stub.requests[0].abandoned


async def test_given_a_task_that_waits_when_cancelled_then_the_service_sees_it_leave() -> None:
    async with EdgeStub() as stub:
        stub.then("stall")
        task = asyncio.create_task(spoken(voice(stub)))
        request = await stub.arrived.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.ended.wait()
        assert request.abandoned


def test_given_the_provider_when_asked_then_it_finds_voices() -> None:
    found = provider("tts", "edge", Settings(edge=True))
    assert isinstance(found, EdgeProvider)
    assert found.missing() is None
    infos = {info.name: info for info in found.voices()}
    assert len(infos) > 60
    assert all(info.sex and language_of_voice(name) == info.language for name, info in infos.items())
    for language, name in {
        "en": "en-US-AvaNeural", "en-GB": "en-GB-SoniaNeural", "zh": "zh-CN-XiaoxiaoNeural",
        "EN-us": "en-US-AvaNeural",
        "cmn": "zh-CN-XiaoxiaoNeural", "yue": "zh-HK-HiuGaaiNeural", "zh-TW": "zh-TW-HsiaoChenNeural",
        "de-LU": "de-DE-KatjaNeural", "ja": "ja-JP-NanamiNeural",
    }.items():  # fmt: skip
        assert found.voice("", language).info.name == name, language
    assert found.voice("sw-KE-ZuriNeural", "en").info.language == "sw-KE"
    for name in ("Cherry", "en-US-", "en-US-Ava'/>Neural", "alloy"):
        with pytest.raises(InvalidInput, match="has no voice"):
            found.voice(name, "en")
    with pytest.raises(InvalidInput, match="'tlh'"):
        found.voice("", "tlh")


def test_given_a_usual_voice_when_none_is_named_then_it_speaks_its_own_language() -> None:
    found = EdgeProvider(Settings(tts="edge", edge_voice="zh-CN-YunxiNeural"))
    assert found.voice("", "zh").info.name == "zh-CN-YunxiNeural"
    assert found.voice("", "en").info.name == "en-US-AvaNeural"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(edge=True, options={"edge": {"url": "https://x.test/"}}), "wss://"),
        (Settings(), "VISAVIS_EDGE=true"),
        (Settings(edge=True, options={"edge": {"rate": "fast'/>"}}), "RATE"),
        (Settings(edge=True, options={"edge": {"pitch": "1"}}), "PITCH"),
        (Settings(edge=True, edge_voice="Xiaoxiao"), "VISAVIS_EDGE_VOICE"),
    ],
)
def test_given_wrong_settings_when_asked_what_is_missing_then_it_names_them(
    settings: Settings, words: str
) -> None:
    assert words in str(EdgeProvider(settings).missing())
    with pytest.raises(InvalidInput, match=words):
        EdgeProvider(settings).voice("", "en")


def test_given_its_own_and_foreign_names_when_cast_then_only_the_foreign_ones_are_replaced() -> None:
    found = EdgeProvider(Settings(edge=True))
    casting = Casting(lambda name: found, VoiceChoice("edge"), "en")
    own = casting.check(VoiceChoice("edge", "zh-CN-YunxiNeural"))
    assert own.warning == ""
    assert own.voice("你好。").info.name == "zh-CN-YunxiNeural"
    assert own.voice("This is English, I think.").info.name == "en-US-AndrewNeural"
    foreign = casting.check(VoiceChoice("edge", "Cherry"))
    assert "'zh-CN-XiaoxiaoNeural' speaks instead" in foreign.warning
