"""A small convolutional network over time, in numpy: frames → a number for each viseme.

Each layer looks at a few frames around (mostly before) its own and adds what it finds to what it was given.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visavis.lipsync.spectrum import Floats

OFFSETS = ((-2, -1, 0, 1, 2), (-1, 0, 1), (-4, -2, 0, 2), (-8, -4, 0), (-16, -8, 0), (-1, 0, 1))
"""Which frames each layer looks at, relative to its own."""
AHEAD = sum(layer[-1] for layer in OFFSETS)
"""How many frames beyond its own a result depends on."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What was learned."""

    weights: Sequence[Floats]
    """For each layer (offsets * inputs, channels); the last one (channels, visemes)."""
    biases: Sequence[Floats]
    """For each layer (channels,); the last one (visemes,)."""


class Network:
    """Runs over one stream of frames; what comes before the first one is zero in every layer."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._layers = [
            Layer(offsets, weights, bias, residual=index > 0)
            for index, (offsets, weights, bias) in enumerate(
                zip(OFFSETS, parameters.weights[:-1], parameters.biases[:-1], strict=True)
            )
        ]

    def push(self, frames: Floats) -> Floats:
        """Take the next frames, (n, inputs); return results for frames that now have all they need."""
        for layer in self._layers:
            frames = layer.push(frames)
        return frames @ self._parameters.weights[-1] + self._parameters.biases[-1]


class Layer:
    """One layer, with the inputs it still needs."""

    def __init__(self, offsets: Sequence[int], weights: Floats, bias: Floats, *, residual: bool) -> None:
        self._offsets = offsets
        self._weights = weights
        self._bias = bias
        self._residual = residual
        self._kept = np.zeros((-offsets[0], len(weights) // len(offsets)), np.float32)

    def push(self, inputs: Floats) -> Floats:
        """Take the next inputs; return the outputs they complete."""
        first, last = self._offsets[0], self._offsets[-1]
        kept = np.concatenate((self._kept, inputs))
        count = max(len(kept) + first - last, 0)
        around = np.concatenate(
            [kept[offset - first : offset - first + count] for offset in self._offsets], axis=1
        )
        result: Floats = np.maximum(around @ self._weights + self._bias, 0)
        if self._residual:
            result += kept[-first : count - first]
        self._kept = kept[count:]
        return result
