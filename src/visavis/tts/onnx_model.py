"""Voices that are ONNX models: loaded once for a process, run in threads, stopped in the middle.

ONNX Runtime gives up the GIL while a model works, and one session may work for several threads at once.
"""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from visavis.errors import StageFailed
from visavis.media.samples import Samples
from visavis.tts import Mark, Speech
from visavis.tts.silence import Trim

MAX_CHARS = 2000
"""A sentence of 300 characters with its numbers written out, and room to spare."""

PIECE = 0.1
"""Seconds of sound in one `Speech`."""

T = TypeVar("T")

_threads = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="voice")
"""Where sentences are made; threads start with the first ones."""

_run = threading.local()
"""`options` of the run of this thread, by which it can be ended."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a model made in one go."""

    pcm: Samples = field(repr=False)
    marks: Sequence[Mark] | None = None
    """Phonemes, with their times in this stretch; None if the model does not tell them."""


class Once(Generic[T]):
    """Something that takes long to load, loaded by whoever needs it first. For threads."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._loaded: list[T] = []

    def get(self) -> T:
        """It; waits while another thread loads it. A failure is not kept."""
        with self._lock:
            if not self._loaded:
                self._loaded.append(self._load())
            return self._loaded[0]


_models: dict[Hashable, Once[Any]] = {}


def once(key: Hashable, load: Callable[[], T]) -> Once[T]:
    """The one of this process for `key`."""
    return _models.setdefault(key, Once(load))


class StoppableSession:
    """An `onnxruntime.InferenceSession` whose runs end when their sentence is no longer wanted."""

    def __init__(self, model: str | bytes, threads: int) -> None:
        """`model`: a path, or the model itself. `threads`: how many work on one sentence."""
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = max(1, threads)
        # Threads that wait busily would take the time of those that carry media.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, output_names: Any, inputs: Any) -> Any:
        """See ONNX Runtime."""
        return self._session.run(output_names, inputs, getattr(_run, "options", None))


def to_samples(sound: npt.NDArray[np.float32]) -> Samples:
    """-1.0 to 1.0 as int16."""
    clipped = np.clip(np.asarray(sound, dtype=np.float32).ravel(), -1.0, 1.0)
    return (clipped * 32767).astype(np.int16)


def sayable(text: str) -> str:
    """Without what espeak-ng can't be given: NUL, and halves of characters."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


async def speak(
    name: str, text: str, sample_rate: int, make: Callable[[], Iterator[Stretch]]
) -> AsyncIterator[Speech]:
    """The body of `Voice.speak`: `make` runs in a thread, and what it has made is heard at once.

    `name` is the provider's, for messages. Closing ends the model's run at its next layer.
    """
    if len(text) > MAX_CHARS:
        raise StageFailed("tts", f"{name} says at most {MAX_CHARS} characters at once; split the text")
    if not any(character.isalnum() for character in text):
        return
    trim = Trim(sample_rate)
    marked: bool | None = None
    start = 0
    async with aclosing(_Sentence(name, make).stretches()) as stretches:
        async for stretch in stretches:
            marked = stretch.marks is not None if marked is None else marked
            for speech in _pieces(trim, stretch, start, sample_rate):
                yield replace(speech, marked=marked)
                # All of it is there already: others get their turn.
                await asyncio.sleep(0)
            start += len(stretch.pcm)
    if rest := trim.flush():
        yield replace(rest, marked=bool(marked))


def _pieces(trim: Trim, stretch: Stretch, start: int, sample_rate: int) -> Iterator[Speech]:
    """`start`: of the stretch, in the sentence."""
    step = round(PIECE * sample_rate)
    last = max(0, len(stretch.pcm) - 1)
    marks = [replace(mark, start=min(mark.start, last)) for mark in stretch.marks or ()]
    for begin in range(0, len(stretch.pcm), step):
        ready: list[Mark] = [
            replace(mark, start=start + mark.start) for mark in marks if begin <= mark.start < begin + step
        ]
        if speech := trim.push(stretch.pcm[begin : begin + step], ready):
            yield speech


class _Sentence:
    """One sentence that is made in a thread."""

    def __init__(self, name: str, make: Callable[[], Iterator[Stretch]]) -> None:
        self._name = name
        self._make = make
        self._stopped = threading.Event()
        self._options: Any = None

    async def stretches(self) -> AsyncGenerator[Stretch, None]:
        loop = asyncio.get_running_loop()
        made: asyncio.Queue[Stretch | None] = asyncio.Queue()

        def give(stretch: Stretch) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(made.put_nowait, stretch)

        def ended(job: asyncio.Future[None]) -> None:
            made.put_nowait(None)
            if not job.cancelled():
                # Asked for here as well, so that asyncio does not complain of a failure after the end.
                job.exception()

        job = loop.run_in_executor(_threads, self._work, give)
        job.add_done_callback(ended)
        try:
            while (stretch := await made.get()) is not None:
                yield stretch
            await job
        finally:
            self._stop()
            job.cancel()

    def _stop(self) -> None:
        self._stopped.set()
        if self._options is not None:
            self._options.terminate = True

    def _work(self, give: Callable[[Stretch], None]) -> None:
        """In a thread of its own. Whatever fails after the sentence was stopped is of no interest."""
        import onnxruntime

        self._options = _run.options = onnxruntime.RunOptions()
        try:
            for stretch in () if self._stopped.is_set() else self._make():
                if self._stopped.is_set():
                    return
                if len(stretch.pcm):
                    give(stretch)
        except failures() as error:
            if not self._stopped.is_set():
                raise StageFailed(
                    "tts", f"{self._name} has failed ({type(error).__name__}); is its model damaged?"
                ) from error
        finally:
            _run.options = None


def failures() -> tuple[type[Exception], ...]:
    """What ONNX Runtime and the libraries on top of it raise; its own exceptions have no base in common."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = (kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception))
    return (*own, ValueError, KeyError, IndexError, TypeError, OSError, RuntimeError)
