"""Backpropagation for the network of `visavis.lipsync`, by hand, in numpy; Adam.

The forward pass is that of `visavis.lipsync.network`, over many stretches of sound at once.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from training.lipsync.rooms import Example
from training.lipsync.speech import Generator, Labels

from visavis.lipsync.level import WIDTH
from visavis.lipsync.network import AHEAD, OFFSETS, Parameters
from visavis.lipsync.spectrum import Floats
from visavis.speech_text.visemes import VISEMES

STRETCH = 200
"""Frames in one stretch."""
BATCH = 16
"""Stretches from which each step learns."""
DROPPED = 0.15
"""The share of each layer's findings that is left out while learning."""


class Batch(NamedTuple):
    """Stretches of examples."""

    frames: Floats
    """(STRETCH, BATCH, WIDTH)."""
    labels: Labels
    """(STRETCH, BATCH)."""
    counted: Floats
    """(STRETCH, BATCH): 0 where a label can't be known, for want of what follows, else 1."""


def initial(channels: int, rng: Generator) -> Parameters:
    """Small random numbers."""
    sizes = [(len(OFFSETS[0]) * WIDTH, channels)] + [
        (len(offsets) * channels, channels) for offsets in OFFSETS[1:]
    ]
    sizes.append((channels, len(VISEMES)))
    scales = [1.0] + [0.5] * (len(OFFSETS) - 1) + [0.3]
    return Parameters(
        [
            (rng.normal(0, scale * np.sqrt(2 / rows), (rows, columns))).astype(np.float32)
            for (rows, columns), scale in zip(sizes, scales, strict=True)
        ],
        [np.zeros(columns, np.float32) for _, columns in sizes],
    )


def batches(examples: Sequence[Example], rng: Generator) -> Iterator[Batch]:
    """All of them once, cut into stretches, in any order."""
    places = [
        (index, start)
        for index, example in enumerate(examples)
        for start in range(-int(rng.integers(STRETCH)), len(example.labels) - AHEAD, STRETCH - 32)
    ]
    order = rng.permutation(len(places))
    for first in range(0, len(order) - BATCH + 1, BATCH):
        frames = np.zeros((STRETCH, BATCH, WIDTH), np.float32)
        labels = np.zeros((STRETCH, BATCH), np.int64)
        counted = np.zeros((STRETCH, BATCH), np.float32)
        for row, which in enumerate(order[first : first + BATCH]):
            index, start = places[which]
            start = max(start, 0)
            example = examples[index]
            taken = example.frames[start : start + STRETCH]
            frames[: len(taken), row] = taken
            labels[: len(taken), row] = example.labels[start : start + STRETCH]
            counted[: len(taken) - AHEAD, row] = 1
        yield Batch(frames, labels, counted)


def learn(parameters: Parameters, batch: Batch, importance: Floats, rng: Generator) -> tuple[float, Parameters]:
    """The mean loss (cross entropy, each viseme weighed by `importance`), and its gradient."""
    inputs, given, rests = batch.frames.reshape(-1, WIDTH), [], []
    for index, offsets in enumerate(OFFSETS):
        given.append(inputs)
        weights = parameters.weights[index].reshape(len(offsets), inputs.shape[1], -1)
        found = np.tile(parameters.biases[index], (len(inputs), 1))
        for offset, part in zip(offsets, weights, strict=True):
            to, source = _rows(offset, len(inputs))
            found[to] += inputs[source] @ part
        rest = (rng.random(found.shape, dtype=np.float32) >= DROPPED) * np.float32(1 / (1 - DROPPED))
        rest *= found > 0
        rests.append(rest)
        found *= rest
        inputs = found + inputs if index else found
    scores = inputs @ parameters.weights[-1] + parameters.biases[-1]
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    labels = batch.labels.reshape(-1)
    weight = importance[labels] * batch.counted.reshape(-1)
    weight /= weight.sum()
    rows = np.arange(len(labels))
    loss = float(-(weight * np.log(shares[rows, labels] + 1e-9)).sum())
    shares[rows, labels] -= 1
    error = shares * weight[:, None]
    found_weights, biases = [inputs.T @ error], [error.sum(axis=0)]
    back = error @ parameters.weights[-1].T
    for index in reversed(range(len(OFFSETS))):
        inputs, offsets = given[index], OFFSETS[index]
        error = back * rests[index]
        weights = parameters.weights[index].reshape(len(offsets), inputs.shape[1], -1)
        gradient = np.empty_like(weights)
        for offset, part, into in zip(offsets, weights, gradient, strict=True):
            to, source = _rows(offset, len(inputs))
            into[:] = inputs[source].T @ error[to]
            if index:
                back[source] += error[to] @ part.T
        found_weights.append(gradient.reshape(parameters.weights[index].shape))
        biases.append(error.sum(axis=0))
    return loss, Parameters(found_weights[::-1], biases[::-1])


class Adam:
    """Kingma and Ba, "Adam: a method for stochastic optimization", 2015, with decay of the weights."""

    def __init__(self, parameters: Parameters, decay: float = 1e-4) -> None:
        self._values = [*parameters.weights, *parameters.biases]
        self._means = [np.zeros_like(value) for value in self._values]
        self._squares = [np.zeros_like(value) for value in self._values]
        self._decay = decay
        self._steps = 0

    def step(self, gradient: Parameters, rate: float) -> None:
        """Change the parameters in place."""
        self._steps += 1
        found = [*gradient.weights, *gradient.biases]
        norm = float(np.sqrt(sum(float(np.sum(each * each)) for each in found)))
        scale = min(1.0, 1.0 / max(norm, 1e-9))
        for value, mean, square, each in zip(self._values, self._means, self._squares, found, strict=True):
            each = each * scale
            mean += 0.1 * (each - mean)
            square += 0.001 * (each * each - square)
            one = mean / (1 - 0.9**self._steps)
            two = square / (1 - 0.999**self._steps)
            value -= rate * (one / (np.sqrt(two) + 1e-8) + self._decay * value)


def _rows(offset: int, count: int) -> tuple[slice, slice]:
    """Which of `count` rows have one `offset` frames away, and which these are. Rows are in order of time."""
    moved = offset * BATCH
    return slice(max(-moved, 0), count - max(moved, 0)), slice(max(moved, 0), count - max(-moved, 0))
