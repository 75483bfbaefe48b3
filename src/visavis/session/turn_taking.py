"""Turn-taking: who has the floor, decided window by window from voice activity and words.

Barge-in has two steps: when somebody seems to speak, the avatar is held; words, or enough speech, confirm
and take the floor from it; a backchannel, a cough or an echo gives it back.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

from visavis.session.small_words import is_backchannel, is_command, is_unfinished, words

WINDOW_MS = 32
"""Length of one voice activity window."""

ONSET = 0.5
"""Probability at which a window counts as speech when nobody speaks yet."""

KEEP = 0.35
"""Probability at which a window still counts as speech."""

ONSET_WINDOWS = 2
"""Windows of speech that begin an utterance: 64 ms, shorter than any word."""

ONSET_WINDOWS_AGAINST = 3
"""The same while the avatar speaks: 96 ms, within the 300 ms a barge-in may take."""

CONFIRM_MS = 600
"""Speech that confirms a barge-in even before any word is known."""

MEANT_MS = 500
"""Speech that words must have to take the floor. Measured on four synthetic voices: "yeah" and the like have 256
to 420 ms, questions of two or three words 512 to 930 ms; a weak recogniser takes the former for anything."""

SHORTEST_PAUSE_MS = 352
LONGEST_PAUSE_MS = 1024
"""Bounds of the silence that ends an utterance."""

UNFINISHED_MS = 512
"""Added to that silence after "and", "um", "因为"…"""

PREPARE_MS = 160
"""Silence after which an answer to what was heard so far is prepared."""

LONGEST_MS = 60_000
"""An utterance is ended after this long, whatever is heard."""


class Act(Enum):
    """What is to be done."""

    BEGIN = auto()
    """Somebody speaks: recognise from a little before now."""
    HOLD = auto()
    """Hold the avatar at the present sample."""
    RELEASE = auto()
    """Let the avatar go on from there."""
    CONFIRM = auto()
    """The floor is taken: interrupt the avatar."""
    END = auto()
    """The utterance is over: ask for its final transcript."""
    PREPARE = auto()
    """Prepare an answer to `text`, which may be all."""
    DISCARD = auto()
    """Forget the prepared answer: there is more."""
    COMMIT = auto()
    """Give the prepared answer: `text` is what it was prepared for."""
    TAKE = auto()
    """Answer `text`."""


@dataclass(frozen=True, slots=True)
class Action:
    """An act, with the words it is about."""

    act: Act
    text: str = ""


@dataclass(slots=True)
class _Utterance:
    against: bool
    """Whether it began while the avatar spoke."""
    voiced_ms: int
    silence_ms: int = 0
    length_ms: int = 0
    confirmed: bool = False
    partial: str = ""
    prepared: str = ""


class TurnTaking:
    """One conversation's decisions. No clock, no tasks: time is the number of windows heard."""

    def __init__(self, language: str, *, preemptive: bool = True) -> None:
        self._language = language
        self._preemptive = preemptive
        self._onset = 0
        self._now: _Utterance | None = None
        self._waiting: deque[_Utterance] = deque()
        self._pauses: deque[int] = deque(maxlen=20)

    @property
    def listening(self) -> bool:
        """Whether an utterance is being heard."""
        return self._now is not None

    def window(self, probability: float, *, avatar_speaks: bool) -> list[Action]:
        """Take the probability of speech in the next window."""
        if self._now is None:
            return self._quiet(probability, avatar_speaks)
        return self._hearing(self._now, probability)

    def press(self, *, avatar_speaks: bool) -> list[Action]:
        """Push-to-talk: the user takes the floor by hand."""
        begun, now = self._now is not None, self._now or _Utterance(avatar_speaks, 0)
        takes = avatar_speaks and not now.confirmed
        self._now, now.confirmed = now, True
        return [*([Action(Act.CONFIRM)] if takes else []), *([] if begun else [Action(Act.BEGIN)])]

    def release(self) -> list[Action]:
        """Push-to-talk: the user has said all."""
        return self._over(self._now) if self._now is not None else []

    def partial(self, text: str) -> list[Action]:
        """Take what the recogniser has understood so far."""
        now = self._now
        if now is None or text == now.partial:
            return []
        now.partial = text
        actions = []
        if now.prepared and words(text) != words(now.prepared):
            now.prepared = ""
            actions.append(Action(Act.DISCARD))
        return actions + self._confirm(now)

    def final(self, text: str) -> list[Action]:
        """Take what the recogniser makes of the utterance that `END` has ended."""
        if not self._waiting:
            return []
        said = self._waiting.popleft()
        if said.against and not said.confirmed:
            if not self._means_something(said, text):
                return [*([Action(Act.DISCARD)] if said.prepared else []), Action(Act.RELEASE)]
            said.confirmed = True
            return [Action(Act.CONFIRM), *self._answer(said, text)]
        return self._answer(said, text)

    def _quiet(self, probability: float, avatar_speaks: bool) -> list[Action]:
        self._onset = self._onset + 1 if probability >= ONSET else 0
        if self._onset < (ONSET_WINDOWS_AGAINST if avatar_speaks else ONSET_WINDOWS):
            return []
        self._now = _Utterance(avatar_speaks, self._onset * WINDOW_MS)
        self._onset = 0
        return [Action(Act.BEGIN), *([Action(Act.HOLD)] if avatar_speaks else [])]

    def _hearing(self, now: _Utterance, probability: float) -> list[Action]:
        now.length_ms += WINDOW_MS
        if probability >= KEEP:
            return self._speech(now)
        now.silence_ms += WINDOW_MS
        if now.silence_ms >= self._enough(now) or now.length_ms >= LONGEST_MS:
            return self._over(now)
        if self._may_prepare(now):
            now.prepared = now.partial
            return [Action(Act.PREPARE, now.partial)]
        return []

    def _speech(self, now: _Utterance) -> list[Action]:
        if now.silence_ms > 3 * WINDOW_MS:
            self._pauses.append(now.silence_ms)
        now.silence_ms = 0
        now.voiced_ms += WINDOW_MS
        if now.length_ms >= LONGEST_MS:
            return self._over(now)
        return self._confirm(now)

    def _over(self, now: _Utterance) -> list[Action]:
        self._now = None
        self._waiting.append(now)
        return [Action(Act.END)]

    def _confirm(self, now: _Utterance) -> list[Action]:
        if not now.against or now.confirmed:
            return []
        if now.voiced_ms < CONFIRM_MS and not self._means_something(now, now.partial):
            return []
        if is_backchannel(now.partial, self._language) and now.voiced_ms < 2 * CONFIRM_MS:
            return []
        now.confirmed = True
        return [Action(Act.CONFIRM)]

    def _means_something(self, said: _Utterance, text: str) -> bool:
        """Whether the words are reason enough to take the floor."""
        if not words(text) or is_backchannel(text, self._language):
            return False
        return said.voiced_ms >= MEANT_MS or is_command(text, self._language)

    def _may_prepare(self, now: _Utterance) -> bool:
        return (
            self._preemptive
            and not now.prepared
            and now.silence_ms >= PREPARE_MS
            and bool(words(now.partial))
            and (now.confirmed or not now.against)
            and not is_unfinished(now.partial, self._language)
        )

    def _enough(self, now: _Utterance) -> int:
        """The silence that ends this utterance: a little more than this speaker's usual pause."""
        pauses = sorted(self._pauses)
        usual = pauses[len(pauses) * 9 // 10] if pauses else 0
        enough = min(max(usual * 5 // 4, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
        return enough + (UNFINISHED_MS if is_unfinished(now.partial, self._language) else 0)

    def _answer(self, said: _Utterance, text: str) -> list[Action]:
        if said.prepared and words(text) == words(said.prepared):
            return [Action(Act.COMMIT, text)]
        actions = [Action(Act.DISCARD)] if said.prepared else []
        return [*actions, Action(Act.TAKE, text)] if words(text) else actions
