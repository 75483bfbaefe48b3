"""Real models with the inputs and outputs of Piper's and Kokoro's, which hum: each symbol for a known time."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

OPSET, IR_VERSION = 17, 9

PIPER_HOP = 256
KOKORO_FRAME = 600


def frames(number: int) -> int:
    """How long a symbol is in both models, in their frames, by its number."""
    return number % 4 + 2


def _constant(name: str, value: float | Sequence[int], kind: int = TensorProto.FLOAT) -> onnx.TensorProto:
    values = list(value) if isinstance(value, Sequence) else [value]
    return helper.make_tensor(name, kind, [len(values)] if isinstance(value, Sequence) else [], values)


def _hum(length: str, samples: str, pitch: str) -> list[onnx.NodeProto]:
    """`length` (frames, float) times `samples` of a sine of `pitch` (radians a sample, a scalar): `sound`."""
    return [
        helper.make_node("ReduceSum", [length], ["frames"], keepdims=0),
        helper.make_node("Mul", ["frames", samples], ["total"]),
        helper.make_node("Range", ["zero", "total", "one"], ["time"]),
        helper.make_node("Mul", ["time", pitch], ["phase"]),
        helper.make_node("Sin", ["phase"], ["sine"]),
        helper.make_node("Mul", ["sine", "half"], ["sound"]),
    ]


def _numbers() -> list[onnx.TensorProto]:
    return [
        _constant("zero", 0.0),
        _constant("one", 1.0),
        _constant("half", 0.5),
        _constant("four", 4, TensorProto.INT64),
        _constant("two", 2, TensorProto.INT64),
    ]


def _lengths(numbers: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Mod", [numbers, "four"], ["rest"]),
        helper.make_node("Add", ["rest", "two"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["length"], to=TensorProto.FLOAT),
    ]


def _save(path: Path, graph: onnx.GraphProto) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())


def piper_voice(
    directory: Path,
    name: str,
    code: str = "en_GB",
    espeak: str = "en-gb-x-rp",
    phonemes: str = "espeak",
    speakers: Sequence[str] = (),
    tells_lengths: bool = True,
) -> Path:
    """A voice of 16 kHz. With `speakers` the second hums higher than the first, and so on."""
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    pitch = []
    if speakers:
        inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, ["batch"]))
        pitch = [
            helper.make_node("Squeeze", ["sid"], ["number"]),
            helper.make_node("Cast", ["number"], ["step"], to=TensorProto.FLOAT),
            helper.make_node("Add", ["step", "one"], ["height"]),
            helper.make_node("Mul", ["height", "low"], ["pitch"]),
        ]
    nodes = [
        *_lengths("input"),
        helper.make_node("Gather", ["scales", "first"], ["slower"]),
        helper.make_node("Mul", ["length", "slower"], ["w"]),
        helper.make_node("Ceil" if tells_lengths else "Identity", ["w"], ["w_ceil"]),
        *pitch,
        *_hum("w_ceil", "hop", "pitch" if speakers else "low"),
        helper.make_node("Unsqueeze", ["sound", "axes"], ["output"]),
    ]
    numbers = [
        *_numbers(),
        _constant("hop", float(PIPER_HOP)),
        _constant("low", 0.05),
        _constant("first", 1, TensorProto.INT64),
        _constant("axes", [0, 1, 2], TensorProto.INT64),
    ]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, 1, "time"])]
    path = directory / f"{name}.onnx"
    _save(path, helper.make_graph(nodes, "piper", inputs, outputs, numbers))
    config = {
        "audio": {"sample_rate": 16_000},
        "dataset": name.split("-")[1],
        "espeak": {"voice": espeak},
        "language": {"code": code},
        "phoneme_type": phonemes,
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": 256,
        "num_speakers": max(1, len(speakers)),
        "speaker_id_map": {speaker: number for number, speaker in enumerate(speakers)},
        "hop_length": PIPER_HOP,
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
    }
    (directory / f"{name}.onnx.json").write_text(json.dumps(config), "utf-8")
    return path


def endless(path: Path) -> None:
    """A model of Piper's that comes to no end: a loop of 2⁶² rounds."""
    round_ = helper.make_graph(
        [helper.make_node("Identity", ["on"], ["go"]), helper.make_node("Sin", ["value"], ["next"])],
        "round",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("value", TensorProto.FLOAT, [3]),
        ],
        [
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [3]),
        ],
    )
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    nodes = [helper.make_node("Loop", ["rounds", "yes", "scales"], ["output"], body=round_)]
    numbers = [_constant("rounds", 2**62, TensorProto.INT64), _constant("yes", True, TensorProto.BOOL)]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, [3])]
    _save(path, helper.make_graph(nodes, "endless", inputs, outputs, numbers))


def kokoro_model(directory: Path, voices: Sequence[str], tells_lengths: bool = True) -> Path:
    """A model of 24 kHz with its file of voices; each hums higher than the one before.

    As the older exports do, one that does not tell lengths calls its first input `tokens`.
    """
    tokens = "input_ids" if tells_lengths else "tokens"
    inputs = [
        helper.make_tensor_value_info(tokens, TensorProto.INT64, [1, "count"]),
        helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
        helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
    ]
    nodes = [
        *_lengths(tokens),
        helper.make_node("Div", ["length", "speed"], ["wanted"]),
        helper.make_node("Ceil", ["wanted"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], ["duration"], to=TensorProto.INT64),
        helper.make_node("ReduceMean", ["style"], ["pitch"], keepdims=0),
        *_hum("rounded", "frame", "pitch"),
        helper.make_node("Identity", ["sound"], ["audio"]),
    ]
    outputs = [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["time"])]
    if tells_lengths:
        outputs.append(helper.make_tensor_value_info("duration", TensorProto.INT64, [1, "tokens"]))
    numbers = [*_numbers(), _constant("frame", float(KOKORO_FRAME))]
    path = directory / "kokoro-v1.0.onnx"
    _save(path, helper.make_graph(nodes, "kokoro", inputs, outputs, numbers))
    styles = {
        name: np.full((510, 1, 256), 0.02 * number, dtype=np.float32) for number, name in enumerate(voices, 1)
    }
    with (directory / "voices-v1.0.bin").open("wb") as file:
        np.savez(file, allow_pickle=False, **styles)
    return path
