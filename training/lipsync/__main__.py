"""`nice -n 10 python -m training.lipsync`: speaks, learns, and writes `src/visavis/lipsync/weights.npz`.

Run it from the root of the repository, with OPENBLAS_NUM_THREADS=1: two threads mostly wait for each other.
"""

import argparse
import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from training.lipsync.learning import Adam, batches, initial, learn
from training.lipsync.rooms import Example, background, heard, plain
from training.lipsync.speech import Generator, Utterance, utterances

from visavis.cli.bench.lip_baseline import EDGES, bins
from visavis.cli.bench.lip_scores import Scores
from visavis.lipsync.network import AHEAD, Network, Parameters
from visavis.lipsync.reader import stored
from visavis.lipsync.spectrum import HOP, Floats
from visavis.speech_text.visemes import VISEMES

DEVELOPMENT = 8
"""The seed of the development set."""
UTTERANCES = 1100
"""How many are spoken."""
ROOMS = 4
"""In how many rooms each of them is heard."""
SILENT = 0.25
"""How many stretches without speech there are for each of those."""
QUIET = 2.5
"""How much more silence counts than that: a mouth that opens for nothing is the worst mistake."""
RATE = 2e-3
"""How fast to learn at first."""
SHARP = 1.4
"""By what the network's scores are multiplied in the end. Chosen on the development set, as is what follows."""
READY: Mapping[str, float] = {"sil": 0.5, "PP": 0.75}
"""What is added to the scores of some visemes in the end."""
PAD = 50 * HOP
"""Silence before and after what the baseline learns from, as in the bench."""
FURTHER = 1e-3
"""And when it goes on from what was learned before."""
EVEN = 0.5
"""How far rare visemes count more than frequent ones: 0 not at all, 1 in proportion."""


def main(words: Sequence[str] | None = None) -> None:
    """Train, as `words` on the command line say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("src/visavis/lipsync/weights.npz"))
    parser.add_argument("--channels", type=int, default=96)
    parser.add_argument("--steps", type=int, default=7500)
    parser.add_argument("--seed", type=int, default=7, help="another one gives other utterances in other rooms")
    parser.add_argument(
        "--start", type=Path, help="what an earlier run has written with --undecided, to go on from"
    )
    parser.add_argument("--undecided", action="store_true", help="write what was learned, without SHARP and READY")
    arguments = parser.parse_args(words)
    began, seed = time.monotonic(), arguments.seed
    spoken = asyncio.run(utterances("training", UTTERANCES, seed))
    print(f"baseline: {baseline(spoken)}", flush=True)
    tests = development()
    examples = [
        heard(utterance, np.random.default_rng((seed, room, index)))
        for room in range(ROOMS)
        for index, utterance in enumerate(spoken)
    ]
    examples += [background(np.random.default_rng((seed, ROOMS, i))) for i in range(int(len(examples) * SILENT))]
    frames = sum(len(example.labels) for example in examples)
    print(
        f"{len(examples)} examples, {frames / 6000:.0f} min, made in {time.monotonic() - began:.0f} s", flush=True
    )
    rng = np.random.default_rng(seed)
    parameters = stored(arguments.start) if arguments.start else initial(arguments.channels, rng)
    rate = FURTHER if arguments.start else RATE
    parameters = trained(parameters, examples, arguments.steps, rate, tests, rng)
    if arguments.start:
        parameters = between(stored(arguments.start), parameters)
    save(arguments.output, parameters if arguments.undecided else decided(parameters))


def development() -> dict[str, list[Example]]:
    """What chooses between one training and another: in other languages than the training and the tests have."""
    spoken = asyncio.run(utterances("development", 24, DEVELOPMENT))
    return {
        "plain": [plain(each) for each in spoken],
        "heard": [heard(each, np.random.default_rng((DEVELOPMENT, 1, i))) for i, each in enumerate(spoken)],
        "nobody": [background(np.random.default_rng((DEVELOPMENT, 2, i))) for i in range(40)],
    }


def baseline(spoken: Sequence[Utterance]) -> tuple[str, ...]:
    """The most frequent viseme in each bin of loudness, for `visavis.cli.bench.lip_baseline`."""
    counts = np.zeros((len(EDGES) + 1, len(VISEMES)), np.int64)
    for each in spoken:
        pcm = np.pad(np.round(each.sound * 32767).astype(np.int16), PAD)
        np.add.at(counts, (bins(pcm, HOP), np.pad(each.labels, PAD // HOP)), 1)
    return tuple(VISEMES[index] for index in counts.argmax(axis=1))


def trained(
    parameters: Parameters,
    examples: Sequence[Example],
    steps: int,
    first_rate: float,
    tests: dict[str, list[Example]],
    rng: Generator,
) -> Parameters:
    """Learn in `steps`, more and more slowly."""
    adam = Adam(parameters)
    counts = np.bincount(np.concatenate([example.labels for example in examples]), minlength=len(VISEMES))
    importance = ((counts.sum() / len(VISEMES) / np.maximum(counts, 1)) ** EVEN).astype(np.float32)
    importance[VISEMES.index("sil")] *= QUIET
    losses: list[float] = []
    while True:
        for batch in batches(examples, rng):
            step = len(losses)
            if step == steps:
                return parameters
            rate = first_rate * min(1.0, (step + 1) / 100) * 0.5 * (1 + np.cos(np.pi * step / steps))
            loss, gradient = learn(parameters, batch, importance, rng)
            adam.step(gradient, float(rate))
            losses.append(loss)
            if len(losses) % 800 == 0:
                print(
                    f"step {len(losses)} loss {np.mean(losses[-800:]):.3f} {told(parameters, tests)}",
                    flush=True,
                )


def between(one: Parameters, other: Parameters) -> Parameters:
    """The mean of what was learned before and after: better on the development set than either."""
    return Parameters(
        [(a + b) / np.float32(2) for a, b in zip(one.weights, other.weights, strict=True)],
        [(a + b) / np.float32(2) for a, b in zip(one.biases, other.biases, strict=True)],
    )


def decided(parameters: Parameters) -> Parameters:
    """The same, surer of itself (`SHARP`) and readier for some visemes (`READY`)."""
    weights, biases = list(parameters.weights), list(parameters.biases)
    ready = np.array([READY.get(name, 0.0) for name in VISEMES], np.float32)
    weights[-1], biases[-1] = weights[-1] * np.float32(SHARP), biases[-1] * np.float32(SHARP) + ready
    return Parameters(weights, biases)


def told(parameters: Parameters, tests: dict[str, list[Example]]) -> str:
    """How well it does."""
    lines = []
    for name, examples in tests.items():
        scores = Scores()
        for example in examples:
            scores.add(read(parameters, example.frames), example.labels)
        figures = [f"{name}: F1 {scores.macro_f1():.1f}", f"open {scores.false_openings():.2f}"]
        if scores.closures:
            figures.append(f"PP {scores.closure_recall():.0f}/{scores.closure_precision():.0f}")
            figures.append(f"r {scores.opening_correlation():.2f}")
        lines.append(" ".join(figures))
    return "; ".join(lines)


def read(parameters: Parameters, frames: Floats) -> Floats:
    """The weights of visemes for each of an example's frames."""
    network = Network(parameters)
    scores = network.push(np.pad(frames, ((0, AHEAD), (0, 0)), mode="edge"))
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)  # type: ignore[no-any-return]  # numpy's stubs


def save(path: Path, parameters: Parameters) -> None:
    """As numbers of 16 bits."""
    arrays = {f"weights{i}": each.astype(np.float16) for i, each in enumerate(parameters.weights)}
    arrays |= {f"bias{i}": each.astype(np.float16) for i, each in enumerate(parameters.biases)}
    np.savez(path, allow_pickle=False, **arrays)


if __name__ == "__main__":
    main()
