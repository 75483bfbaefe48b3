"""A conversation in Chinese through the API: the real pool, documents, voices and captions."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest

from visavis.api.app import create_app
from visavis.asr import Transcript
from visavis.avatar import Catalogue
from visavis.knowledge.library import Library
from visavis.media.recordings import read_file
from visavis.media.samples import Samples, rms
from visavis.media.timeline import SAMPLE_RATE
from visavis.pool import Hear
from visavis.pool.inline import InlinePool
from visavis.session.events import AnyEvent, Caption, SpeechMarked, TranscriptHeard, TurnEnded
from visavis.session.journal import Entry
from visavis.settings import Settings
from visavis.tts import Speech
from visavis.tts.espeak import EspeakVoice

pytestmark = pytest.mark.peers

DOCUMENT = "# 茶馆\n\n茶馆上午九点开门，晚上八点关门。\n\n一壶龙井茶二十元。\n"
ANSWER = "根据《茶馆.md》，茶馆上午九点开门，晚上八点关门。"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path)
    with Library(made) as library:
        library.add("茶馆.md", DOCUMENT.encode())
    return made


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[InlinePool]:
    async with InlinePool(settings, warm=False) as made:
        yield made


@pytest.fixture
async def client(pool: InlinePool, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(pool, settings, Catalogue(settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://visavis") as made:
        yield made


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(language of the voice, what it was given to say), of every sentence."""
    said: list[tuple[str, str]] = []
    speak = EspeakVoice.speak

    def overheard(voice: EspeakVoice, text: str) -> AsyncIterator[Speech]:
        said.append((voice.info.language, text))
        return speak(voice, text)

    monkeypatch.setattr(EspeakVoice, "speak", overheard)
    return said


class ChineseListener:
    """In the place of the recogniser processes: no model for Chinese comes with the project."""

    def __init__(self, *more: object, **options: object) -> None:
        pass

    async def __aenter__(self) -> "ChineseListener":
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        async for _ in sound:
            pass
        yield Transcript("茶馆几点开门", True, 0, 48_000)


async def create(client: httpx.AsyncClient) -> str:
    answer = await client.post("/sessions", json={"avatar_id": "demo-avatar", "model": "mock"})
    session: str = answer.json()["session_id"]
    return session


async def told(pool: InlinePool, session: str) -> list[AnyEvent]:
    """Everything until the turn has ended."""
    events: list[AnyEvent] = []
    async with asyncio.timeout(30):
        async for record in pool.get(session).events():
            events.append(record.event)
            if isinstance(record.event, TurnEnded):
                break
    return events


def captions(events: list[AnyEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Caption)]


def ended(events: list[AnyEvent]) -> list[tuple[str, str]]:
    return [(event.reason, event.heard) for event in events if isinstance(event, TurnEnded)]


async def test_a_chinese_question_gets_a_chinese_answer_by_a_chinese_voice_with_chinese_captions(
    client: httpx.AsyncClient, pool: InlinePool, settings: Settings, spoken: list[tuple[str, str]]
) -> None:
    session = await create(client)
    reading = asyncio.create_task(told(pool, session))
    await client.post(f"/sessions/{session}/chat", json={"prompt": "茶馆几点开门？"})
    events = await reading
    await client.delete(f"/sessions/{session}")

    assert captions(events) == [ANSWER]
    assert ended(events) == [("completed", ANSWER)]
    assert [language for language, _ in spoken] == ["zh-CN"]
    stream = (await client.get(f"/sessions/{session}/events")).text
    assert "subtitle.chunk" in stream
    assert ANSWER in stream

    (page,) = await asyncio.to_thread(lambda: list(settings.data_dir.glob("journal/*/*.json")))
    entry = msgspec.json.decode(page.read_bytes(), type=Entry)
    words = [word.text for event in events if isinstance(event, SpeechMarked) for word in event.words]
    assert {"茶", "开"} & set(words)
    sound = await asyncio.to_thread(read_file, page.with_suffix(".flac"), 60, SAMPLE_RATE)
    assert len(sound) == entry.heard_samples > 2 * SAMPLE_RATE
    assert rms(sound) > 500


async def test_each_sentence_is_said_by_a_voice_of_its_own_language(
    client: httpx.AsyncClient, pool: InlinePool, spoken: list[tuple[str, str]]
) -> None:
    session = await create(client)
    reading = asyncio.create_task(told(pool, session))
    text = "茶馆上午开门。The tea house opens at nine. 谢谢！"
    await client.post(f"/sessions/{session}/speak", json={"text": text})
    events = await reading
    await client.delete(f"/sessions/{session}")

    assert [language for language, _ in spoken] == ["zh-CN", "en-US", "zh-CN"]
    assert "".join(captions(events)) == text
    assert ended(events) == [("completed", text)]


async def test_a_spoken_chinese_question_is_answered_in_chinese(
    settings: Settings, spoken: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("visavis.pool.hearing.RecognizerPool", ChineseListener)
    async with InlinePool(settings, warm=False) as pool:
        app = create_app(pool, settings, Catalogue(settings))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://visavis") as client:
            session = await create(client)
            reading = asyncio.create_task(told(pool, session))
            await pool.get(session).hear(Hear(16_000, bytes(32_000), last=True))
            events = await reading
            await client.delete(f"/sessions/{session}")

    assert TranscriptHeard("茶馆几点开门", True) in events
    assert captions(events) == [ANSWER]
    assert [language for language, _ in spoken] == ["zh-CN"]
