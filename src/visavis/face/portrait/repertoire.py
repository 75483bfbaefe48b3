"""`Repertoire`: the motions of one portrait, drawn one after the other while it is already there."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from visavis.avatar import Avatar
from visavis.face.portrait import loops, motion
from visavis.face.portrait.loops import ProcessEnds
from visavis.face.portrait.motion import MOTIONS, Motion
from visavis.media.pictures import I420, LoopClip

BUDGET = 260_000_000
"""Bytes that one portrait's loops may take on disk: all motions at 512 x 512 and 25 pictures a second."""
ALWAYS: tuple[Motion, ...] = ("idle", "speak-a")
"""What there is whatever it takes: 1280 x 1280 pixels are 490 MB."""
REST = 2.0
"""How long the drawing thread rests after a frame, as a multiple of what it took: sessions come first."""

GRACE = 1.0
"""Seconds that a process which is ending goes on drawing the motion it is at."""

log = logging.getLogger(__name__)

Draw = Callable[[Motion, int], I420]
"""Draws frame `index` of a motion, the mouth at rest."""


class Repertoire(Mapping[Motion, LoopClip]):
    """The motions that are there: `idle` from the first, others a while after they were first asked for.

    Asking for one that is not there yet (`get`) gives None and has it drawn in a thread, if `BUDGET` allows.
    """

    def __init__(self, folder: Path, avatar: Avatar, size: tuple[int, int], draw: Draw) -> None:
        """`size` is (width, height), even. Draws `idle` now. Raises `OSError`."""
        self._folder = folder
        self._avatar = avatar
        self._size = size
        self._draw = draw
        self._allowed = allowed(size, motion.key_interval(avatar.fps))
        self._asked: set[Motion] = {"idle"}
        self._clips: dict[Motion, LoopClip] = {"idle": self._clip("idle", draw)}
        self._names = {self._clips["idle"].key: MOTIONS[0]}

    def __getitem__(self, name: Motion) -> LoopClip:
        found = self._clips.get(name)
        if found is None:
            if name in self._allowed and name not in self._asked:
                self._asked.add(name)
                _easel.put(partial(self._add, name))
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[Motion]:
        return iter(list(self._clips))

    def __len__(self) -> int:
        return len(self._clips)

    def motion(self, clip: LoopClip) -> Motion:
        """Which motion `clip` is. Raises `KeyError`."""
        return self._names[clip.key]

    def complete(self) -> None:
        """Wait until all that was asked for is there: for tests and sheets, not for sessions."""
        _easel.done.wait()

    def _add(self, name: Motion) -> None:
        for source in {motion.origin(name, second) for second in range(motion.SECONDS)} - {name}:
            if source not in self._clips:
                self._add(source)
        try:
            clip = self._clip(name, _gently(self._draw))
        except (OSError, KeyError) as error:
            log.error("the motion %s of a portrait can't be kept: %s", name, type(error).__name__)
            return
        self._names[clip.key] = name
        self._clips[name] = clip

    def _clip(self, name: Motion, draw: Draw) -> LoopClip:
        fps = self._avatar.fps
        lengths = motion.length(fps), motion.key_interval(fps)
        borrowed: dict[int, Sequence[I420]] = {
            second: self._clips[source].frames
            for second in range(motion.SECONDS)
            if (source := motion.origin(name, second)) != name
        }
        return loops.clip(
            self._folder, self._avatar, name, self._size, fps, lengths, partial(draw, name), borrowed
        )


def allowed(size: tuple[int, int], rate: int) -> frozenset[Motion]:
    """The motions that fit in `BUDGET` at `size` and `rate` frames a second, what is missed most first."""
    width, height = size
    second = width * height * 3 // 2 * rate
    taken, found = 0, set[Motion]()
    for name in MOTIONS:
        sources = [motion.origin(name, at) for at in range(motion.SECONDS)]
        cost = sum(second for source in sources if source == name)
        if name in ALWAYS or (taken + cost <= BUDGET and found.issuperset({*sources} - {name})):
            found.add(name)
            taken += cost
    return frozenset(found)


def _gently(draw: Draw) -> Draw:
    """`draw`, with rests between, except for what every session needs."""
    end: float | None = None

    def drawn(name: Motion, index: int) -> I420:
        nonlocal end
        began = time.perf_counter()
        if not threading.main_thread().is_alive():
            # A command that makes one film would else never come to have more motions.
            end = end or began + GRACE
            if began > end:
                raise ProcessEnds
        frame = draw(name, index)
        if end is None and name not in ALWAYS:
            time.sleep(REST * (time.perf_counter() - began))
        return frame

    return drawn


class _Easel:
    """Draws one motion after the other in a thread, which lives as long as there are any.

    A thread and no process: it draws with what the sessions have open, 7 ms a frame, and rests twice as long.
    """

    def __init__(self) -> None:
        self.done = threading.Event()
        """Nothing is left to be drawn."""
        self.done.set()
        self._jobs: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()

    def put(self, job: Callable[[], None]) -> None:
        """Do `job` when it is its turn."""
        with self._lock:
            self._jobs.append(job)
            if self.done.is_set():
                self.done.clear()
                threading.Thread(target=self._work, name="draw motions").start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self.done.set()
                    return
                job = self._jobs.popleft()
            try:
                job()
            except ProcessEnds:
                return


_easel = _Easel()
