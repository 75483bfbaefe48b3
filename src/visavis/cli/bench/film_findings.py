"""What the films of a run showed, as measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean

from visavis.cli.bench.figures import Measure, Target
from visavis.cli.bench.film_scores import (
    NEIGHBOURS,
    PAUSE,
    Gauged,
    change,
    closing,
    hand_over,
    offset,
    restless,
    silences,
)
from visavis.cli.bench.film_speech import EDGE, Line
from visavis.cli.bench.targets import TARGETS
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE, to_seconds

KINDS = {
    "said": "`visavis say`",
    "marked": "sentences with 1 s between them, phonemes known",
    "heard": "the same, visemes from the sound",
}
"""How a film was made."""

FINAL = 0.1
"""Seconds before a film's end by which its last silence lasts to the end."""


@dataclass(frozen=True, slots=True)
class Take:
    """One film of one avatar."""

    avatar: str
    kind: str
    """One of `KINDS`."""
    film: Gauged = field(repr=False)
    sound: Samples = field(repr=False)
    """48 kHz."""
    said: Sequence[Line] = field(repr=False)

    def offsets(self, *, by_phonemes: bool = False) -> list[tuple[float, float]]:
        """For each sentence that was found: how much later the sound is than the lips, ms, and the fit."""
        result = []
        for line in self.said:
            place = line.found(self.sound)
            if place is None or not line.marks:
                continue
            expected = line.phonemes() if by_phonemes else line.track()
            result.append(offset(self.film, (place - EDGE) / SAMPLE_RATE, expected))
        return result

    def pauses(self) -> list[tuple[float, float]]:
        """Silences after speech in which the mouth has to rest, in seconds."""
        return [span for span in silences(self.sound, PAUSE) if span[0] > 0]

    def lasts(self, silence: tuple[float, float]) -> bool:
        """Whether a silence is the film's last."""
        return silence[1] >= to_seconds(len(self.sound)) - FINAL


@dataclass(slots=True)
class Findings:
    """What has been measured so far."""

    container: list[float] = field(default_factory=list)
    """ms that each beep begins later than its flash."""
    takes: list[Take] = field(default_factory=list)
    cost: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """By the kinds of `film_cost`."""
    left_out: dict[str, str] = field(default_factory=dict)

    def measures(self) -> list[Measure]:
        """All of it; what has no values is noted as left out."""
        span = "mock face: a flash is shown → its beep begins, apart"
        found = [_measure("container", span, "ms", _sizes(self.container))]
        found += self._lips("said", "lips")
        found += self._lips("heard", "lips, from sound")
        found += self._rest("said", "closing, say")
        found += self._rest("marked", "closing")
        found += self._rest("heard", "closing, from sound")
        found += self._sharpness()
        found += self._cost()
        for measure in found:
            if not measure.values:
                self.left_out[measure.name] = "nothing was found in the films to measure it by"
        return [measure for measure in found if measure.values]

    def _of(self, kind: str) -> list[Take]:
        return [take for take in self.takes if take.kind == kind]

    def _lips(self, kind: str, name: str) -> list[Measure]:
        takes = self._of(kind)
        offsets = {take.avatar: take.offsets() for take in takes}
        each = [pair for found in offsets.values() for pair in found]
        plain = [ms for take in takes for ms, _ in take.offsets(by_phonemes=True)]
        span = f"lips ↔ sound, apart, one value a sentence; {KINDS[kind]}"
        return [
            *(
                _measure(f"{name}: {avatar}", span, "ms", _sizes([ms for ms, _ in found]), TARGETS[name])
                for avatar, found in offsets.items()
            ),
            _measure(
                f"{name}: mean", "how much later the sound is, all of them", "ms", _mean([ms for ms, _ in each])
            ),
            _measure(
                f"{name}: phonemes",
                "the same, against lips that would open evenly around each phoneme",
                "ms",
                _mean(plain),
            ),
            _measure(
                f"{name}: fit",
                "correlation of the opening seen and the one asked for, mean",
                "r",
                _mean([r for _, r in each]),
            ),
        ]

    def _rest(self, kind: str, name: str) -> list[Measure]:
        pauses = [(take, pause) for take in self._of(kind) for pause in take.pauses()]
        times = [closing(take.film, pause, last=take.lasts(pause)) * 1000 for take, pause in pauses]
        counts = [restless(take.film, pause) for take, pause in pauses]
        ends = f"the sound ends → the last picture is gone whose mouth is not at rest; {KINDS[kind]}"
        still = f"of {sum(all_ for _, all_ in counts)} pictures in these silences: mouth not at rest"
        return [
            _measure(name, ends, "ms", times, TARGETS["closing"]),
            _measure(
                f"{name}: open",
                still,
                "pictures",
                [sum(open_ for open_, _ in counts)] if counts else [],
                TARGETS["closing: open"],
            ),
        ]

    def _cost(self) -> list[Measure]:
        marked, heard = self.cost.get("marked", ()), self.cost.get("heard", ())
        more = [mean(heard) - mean(marked)] if marked and heard else []
        span = "processor of the face alone while it speaks, nothing is encoded; "
        return [
            _measure("face cpu", f"{span}phonemes known", "%", marked),
            _measure("face cpu, from sound", f"{span}visemes from the sound", "%", heard),
            _measure("face cpu, more", "the difference of the two means, of a core", "%", more),
        ]

    def _sharpness(self) -> list[Measure]:
        """At the hand-over from live pictures to the loop's, and wherever there is none."""
        there: list[float] = []
        elsewhere: list[float] = []
        for take in self.takes:
            places = {hand_over(take.film, pause) for pause in take.pauses()}
            for place in range(len(take.film.starts)):
                if (found := change(take.film, place)) is None:
                    continue
                if place in places:
                    there.append(found)
                elif all(other is None or abs(place - other) > 2 * NEIGHBOURS for other in places):
                    elsewhere.append(found)
        span = "cheeks, 4 live pictures ↔ 4 of the loop after them: how many times sharper either is"
        return [
            _measure("sharpness", span, "×", there),
            _measure(
                "sharpness, elsewhere", "the same, between any other 4 pictures and the next 4", "×", elsewhere
            ),
        ]


def _measure(name: str, span: str, unit: str, values: Sequence[float], targets: Sequence[Target] = ()) -> Measure:
    return Measure(name, span, unit, values, targets or TARGETS.get(name, ()))


def _sizes(values: Sequence[float]) -> list[float]:
    return [abs(value) for value in values]


def _mean(values: Sequence[float]) -> list[float]:
    return [mean(values)] if values else []
