"""Paraformer at DashScope: a recogniser that is sent the sound while somebody speaks, and answers meanwhile.

Source: Model Studio's reference, "Paraformer real-time speech recognition", client and server events. Each
utterance is a task on a connection of its own.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.errors import Unavailable
from visavis.media import timeline
from visavis.media.samples import Samples
from visavis.outbound import OutboundFailed
from visavis.outbound.dashscope import Account, Service, Task
from visavis.outbound.upstream import Upstream
from visavis.settings import Settings

UPSTREAM = Upstream("asr", "DashScope", "VISAVIS_DASHSCOPE_ASR_URL", "VISAVIS_DASHSCOPE_ASR_API_KEY")

LIVE_TIMEOUT = 9.0
"""Seconds to begin, and from the end of the sound to the transcript: the recogniser's process is taken for hung
after ten (`asr.child.PATIENCE`)."""

MAX_SECONDS = 600
"""Sound of one utterance that is sent; what is said after it is left out."""

TOTAL = MAX_SECONDS + 2 * LIVE_TIMEOUT
"""Seconds that a connection lasts at most. While somebody speaks, the service may be silent all the time."""

PIECE = SAMPLE_RATE // 10
"""The most sound of one message: 100 ms, as the reference recommends."""

LANGUAGES = ("zh", "yue", "en", "ja", "ko", "de", "fr", "ru")
"""Those that Paraformer takes hints of; it finds out about others by itself."""

_UNSPACED = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
"""Characters that have no space beside them."""


class DashScopeRecognizerProvider:
    """Settings: `dashscope_asr_api_key`, or else `dashscope_api_key`; `dashscope_asr_model`,
    `dashscope_asr_languages`, `dashscope_asr_url`.
    """

    name = "dashscope"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        key = settings.dashscope_asr_api_key or settings.dashscope_api_key
        self._account = Account(settings, settings.dashscope_asr_url, key, UPSTREAM)

    def missing(self) -> str | None:
        """See `Provider`."""
        return self._account.missing()

    def recognizer(self, language: str, model: str = "") -> "ParaformerRecognizer":
        """See `RecognizerProvider`. Raises `Unavailable` without a key."""
        if missing := self.missing():
            raise Unavailable(f"dashscope: {missing}")
        hints = [hint for part in self._settings.dashscope_asr_languages.split(",") if (hint := part.strip())]
        return ParaformerRecognizer(
            self._account.service(timeout=TOTAL, total=TOTAL), model or self._settings.dashscope_asr_model, hints
        )

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        await self._account.aclose()


class ParaformerRecognizer:
    """A `Recognizer`; takes any number of utterances at once."""

    def __init__(
        self, service: Service, model: str, languages: list[str] | None = None, timeout: float = LIVE_TIMEOUT
    ) -> None:
        """`languages` are those to expect, of `LANGUAGES`; without any, that of the utterance. `timeout` is in
        seconds: see `LIVE_TIMEOUT`.
        """
        self._service = service
        self._model = model
        self._languages = languages or []
        self._timeout = timeout

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """See `Recognizer`. Nobody is called before there is sound."""
        first = await anext(sound, None)
        if first is None:
            yield Transcript("", True, 0, 0)
            return
        said = _Said()
        async with AsyncExitStack() as open_:
            task = await self._begin(open_, language)
            sending = asyncio.create_task(_send(task, first, sound, said))
            receiving: asyncio.Task[dict[str, Any] | bytes | None] | None = None
            try:
                give_up: float | None = None
                while True:
                    receiving = receiving or asyncio.create_task(task.receive())
                    waiting = {receiving} if give_up is not None else {receiving, sending}
                    done, _ = await asyncio.wait(
                        waiting, timeout=_left(give_up), return_when=asyncio.FIRST_COMPLETED
                    )
                    if not done:
                        raise self._late()
                    if give_up is None and sending.done():
                        sending.result()
                        give_up = asyncio.get_running_loop().time() + self._timeout
                    if not receiving.done():
                        continue
                    result, receiving = receiving.result(), None
                    if result is None and give_up is not None:
                        break
                    if not isinstance(result, dict):
                        raise self._service.upstream.rubbish()
                    if said.take(result):
                        yield said.so_far()
            finally:
                running = [job for job in (sending, receiving) if job is not None]
                for job in running:
                    job.cancel()
                await asyncio.gather(*running, return_exceptions=True)
        yield said.in_the_end()

    async def _begin(self, open_: AsyncExitStack, language: str) -> Task:
        languages = self._languages or [re.split("[-_]", language.strip())[0].lower()]
        hints = [hint for hint in languages if hint in LANGUAGES]
        parameters = {"format": "pcm", "sample_rate": SAMPLE_RATE} | ({"language_hints": hints} if hints else {})
        try:
            async with asyncio.timeout(self._timeout):
                task = Task(await open_.enter_async_context(self._service.talk()), "duplex")
                await task.run("asr", "recognition", self._model, parameters)
        except TimeoutError as error:
            raise self._late() from error
        return task

    def _late(self) -> Exception:
        return self._service.upstream.failed("did not answer in time")


async def _send(task: Task, first: Samples, sound: AsyncIterator[Samples], said: "_Said") -> None:
    """Send an utterance as it is spoken."""
    # Who receives learns why nobody takes it.
    with suppress(OutboundFailed):
        await _send_piece(task, first, said)
        async for pcm in sound:
            await _send_piece(task, pcm, said)
        await task.finish()


async def _send_piece(task: Task, pcm: Samples, said: "_Said") -> None:
    pcm = pcm[: MAX_SECONDS * SAMPLE_RATE - said.heard]
    for start in range(0, len(pcm), PIECE):
        piece = pcm[start : start + PIECE]
        said.heard += len(piece)
        await task.hear(piece.astype("<i2", copy=False).tobytes())


class _Said:
    """What the service has understood so far."""

    def __init__(self) -> None:
        self.heard = 0
        """Samples that were sent."""
        self._sentences: list[str] = []
        self._current = ""
        self._start: int | None = None
        self._end = 0

    def take(self, output: dict[str, Any]) -> bool:
        """Take a result; answer whether it changes what was said."""
        sentence = output.get("sentence")
        if not isinstance(sentence, dict) or sentence.get("heartbeat") is True:
            return False
        text = sentence.get("text")
        text = " ".join(text.split()) if isinstance(text, str) else ""
        before = self._text()
        self._tell_times(sentence)
        ended = sentence.get("sentence_end")
        if ended is True or (ended is None and sentence.get("end_time") is not None):
            self._sentences += [text] if text else []
            self._current = ""
        else:
            self._current = text
        return self._text() != before

    def so_far(self) -> Transcript:
        """A partial transcript."""
        return Transcript(self._text(), False, self._begin(), max(self._end, self._begin()))

    def in_the_end(self) -> Transcript:
        """The final one. It covers the sound to its end."""
        return Transcript(self._text(), True, self._begin(), _media_time(self.heard))

    def _tell_times(self, sentence: dict[str, Any]) -> None:
        words = sentence.get("words")
        told = [sentence, *(words if isinstance(words, list) else [])]
        begins, ends = (
            [time for part in told if isinstance(part, dict) and isinstance(time := part.get(key), int)]
            for key in ("begin_time", "end_time")
        )
        if self._start is None and begins:
            self._start = self._clock(begins[0])
        # A transcript never covers less than the one before it, nor what was not sent.
        self._end = max(self._end, self._clock(max(ends, default=0)))

    def _clock(self, milliseconds: int) -> int:
        return min(max(0, milliseconds) * timeline.SAMPLE_RATE // 1000, _media_time(self.heard))

    def _begin(self) -> int:
        return self._start or 0

    def _text(self) -> str:
        text = ""
        for sentence in filter(None, (*self._sentences, self._current)):
            tight = not text or _UNSPACED.match(text[-1]) or _UNSPACED.match(sentence)
            text += sentence if tight else " " + sentence
        return text


def _media_time(samples: int) -> int:
    return samples * timeline.SAMPLE_RATE // SAMPLE_RATE


def _left(give_up: float | None) -> float | None:
    return None if give_up is None else max(0.0, give_up - asyncio.get_running_loop().time())
