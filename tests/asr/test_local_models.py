"""The adapters whose models have to be downloaded, against stand-ins for their libraries.

The stand-ins have the documented calls and nothing else, take no other arguments than the real ones, and refuse
a wrong order. They were checked against sherpa-onnx 2.0.1, vosk 0.3.45 and faster-whisper 1.2.1. How well the real
ones recognise is measured by `visavis bench recognition` where a model is installed.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.asr.flite_speech import heard
from visavis.errors import InvalidInput, Unavailable
from visavis.media.samples import Samples
from visavis.models.catalogue import find
from visavis.models.shelf import Shelf
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.asr import check_recognizer

SOUND: Samples = (8000 * np.sin(np.arange(32_000) / 10)).astype(np.int16)
WORDS = ["where", "is", "the", "station"]


class Stream:
    """What sherpa-onnx decodes: 320 ms at a time, and the rest when it is told that there is no more."""

    def __init__(self) -> None:
        self.samples = self.decoded = 0
        self.finished = False

    def accept_waveform(self, sample_rate: int, waveform: npt.NDArray[np.float32]) -> None:
        assert not self.finished
        assert sample_rate == 16_000
        assert waveform.dtype == np.float32
        assert np.abs(waveform).max(initial=0) <= 1
        self.samples += len(waveform)

    def input_finished(self) -> None:
        self.finished = True


class OnlineRecognizer:
    def __init__(self, capitals: bool) -> None:
        self._capitals = capitals

    @classmethod
    def from_transducer(
        cls, tokens: str, encoder: str, decoder: str, joiner: str, num_threads: int = 2
    ) -> "OnlineRecognizer":
        for path in (tokens, encoder, decoder, joiner):
            assert Path(path).is_file()
        assert Path(encoder).name == "encoder-1.int8.onnx"
        assert Path(decoder).name == "decoder-1.onnx"
        assert Path(joiner).name == "joiner-1.int8.onnx"
        assert num_threads == 1
        return cls(capitals=True)

    def create_stream(self) -> Stream:
        return Stream()

    def is_ready(self, s: Stream) -> bool:
        return s.decoded + 5120 <= s.samples

    def decode_stream(self, s: Stream) -> None:
        assert self.is_ready(s)
        s.decoded += 5120

    def get_result(self, s: Stream) -> str:
        text = " ".join(WORDS[: s.decoded // 8000])
        return text.upper() if self._capitals else text


class Model:
    def __init__(
        self, model_path: str | None = None, model_name: str | None = None, lang: str | None = None
    ) -> None:
        assert model_path is not None, "it would be downloaded"
        assert Path(model_path).is_dir()


class KaldiRecognizer:
    """Ends a sentence after one second."""

    def __init__(self, *args: object) -> None:
        model, rate = args
        assert isinstance(model, Model)
        assert rate == 16_000
        self._samples = 0
        self._ended = self._over = False

    def AcceptWaveform(self, data: bytes) -> int:
        assert not self._over
        self._samples += len(data) // 2
        self._ended = self._samples >= 16_000
        return int(self._ended)

    def _words(self) -> str:
        return " ".join(WORDS[: self._samples // 4000])

    def Result(self) -> str:
        assert self._ended
        text, self._samples, self._ended = self._words(), 0, False
        return json.dumps({"text": text})

    def PartialResult(self) -> str:
        return json.dumps({"partial": self._words()})

    def FinalResult(self) -> str:
        self._over = True
        return json.dumps({"text": self._words()})


@dataclass
class Segment:
    text: str


class WhisperModel:
    def __init__(
        self,
        model_size_or_path: str,
        device: str = "auto",
        compute_type: str = "default",
        cpu_threads: int = 0,
        local_files_only: bool = False,
    ) -> None:
        assert Path(model_size_or_path).is_dir()
        assert (device, compute_type, cpu_threads, local_files_only) == ("cpu", "int8", 1, True)

    def transcribe(
        self,
        audio: npt.NDArray[np.float32],
        language: str | None = None,
        beam_size: int = 5,
        condition_on_previous_text: bool = True,
    ) -> tuple[Iterator[Segment], object]:
        assert audio.dtype == np.float32
        assert np.abs(audio).max(initial=0) <= 1
        assert language in ("en", "zh")
        assert beam_size == 1
        assert not condition_on_previous_text
        return (Segment(f" {word}") for word in WORDS if len(audio)), object()


LIBRARIES: dict[str, dict[str, Any]] = {
    "sherpa_onnx": {"OnlineRecognizer": OnlineRecognizer},
    "vosk": {"Model": Model, "KaldiRecognizer": KaldiRecognizer, "SetLogLevel": lambda level: None},
    "faster_whisper": {"WhisperModel": WhisperModel},
}
FILES = {
    "sherpa-onnx": (
        "tokens.txt", "encoder-1.onnx", "encoder-1.int8.onnx", "decoder-1.onnx", "decoder-1.int8.onnx",
        "joiner-1.onnx", "joiner-1.int8.onnx",
    ),
    "vosk": ("am/final.mdl", "conf/model.conf"),
    "faster-whisper": ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"),
}  # fmt: skip
MODELS = {"sherpa-onnx": "sherpa-en-20m", "vosk": "vosk-en-small", "faster-whisper": "whisper-tiny"}
NAMES = list(FILES)


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in LIBRARIES.items():
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)


@pytest.fixture
def no_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    for name in LIBRARIES:
        monkeypatch.delitem(sys.modules, name, raising=False)


def put(directory: Path, name: str) -> Path:
    for file in FILES[name]:
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        (directory / file).touch()
    return directory


def settings(tmp_path: Path, **options: Any) -> Settings:
    return Settings(data_dir=tmp_path, options=options)


@pytest.mark.usefixtures("libraries")
@pytest.mark.parametrize("name", NAMES)
async def test_given_an_installed_model_when_checked_then_the_contract_is_kept(name: str, tmp_path: Path) -> None:
    put(Shelf(settings(tmp_path)).place(MODELS[name]), name)
    found = provider("asr", name, settings(tmp_path))
    assert found.missing() is None
    await check_recognizer(found.recognizer("en-US"), SOUND, "en-US")
    transcripts = await heard(found.recognizer("en", MODELS[name]), SOUND)
    assert transcripts[-1].text.startswith("where is the station")
    assert transcripts[-1].end == len(SOUND) * 3


@pytest.mark.usefixtures("libraries")
@pytest.mark.parametrize("name", ["sherpa-onnx", "vosk"])
async def test_given_a_streaming_model_when_used_then_partials_come_while_sound_does(
    name: str, tmp_path: Path
) -> None:
    put(tmp_path / "mine", name)
    options = {name.replace("-", "_"): {"model_dir": str(tmp_path / "mine")}}
    partials = [
        transcript
        for transcript in await heard(provider("asr", name, settings(tmp_path, **options)).recognizer("en"), SOUND)
        if not transcript.final
    ]
    assert len(partials) > 2
    assert partials[0].end < len(SOUND)


@pytest.mark.usefixtures("libraries")
@pytest.mark.parametrize("name", NAMES)
def test_given_no_model_when_asked_for_then_it_says_how_to_get_one(name: str, tmp_path: Path) -> None:
    found = provider("asr", name, settings(tmp_path))
    assert f"visavis models get {MODELS[name]}" in found.missing()
    with pytest.raises(Unavailable, match="visavis models get"):
        found.recognizer("en")


@pytest.mark.usefixtures("no_libraries")
@pytest.mark.parametrize("name", NAMES)
def test_given_no_library_when_asked_for_then_it_says_how_to_install_it(name: str, tmp_path: Path) -> None:
    put(Shelf(settings(tmp_path)).place(MODELS[name]), name)
    found = provider("asr", name, settings(tmp_path))
    assert f"visavis[{name}]" in found.missing()
    with pytest.raises(Unavailable, match="pip install"):
        found.recognizer("en")


@pytest.mark.usefixtures("libraries")
@pytest.mark.parametrize("name", NAMES)
def test_given_a_directory_without_a_model_when_used_then_it_says_what_is_lacking(
    name: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    options = {name.replace("-", "_"): {"model_dir": str(tmp_path / "empty")}}
    with pytest.raises(Unavailable, match="lacks") as refused:
        provider("asr", name, settings(tmp_path, **options)).recognizer("en")
    assert str(tmp_path) not in refused.value.message


@pytest.mark.usefixtures("libraries")
def test_given_a_model_name_that_is_a_path_when_asked_for_then_it_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "vosk")
    for name in ("../elsewhere", str(tmp_path / "elsewhere"), "sherpa-en-20m", "nobody"):
        with pytest.raises(InvalidInput):
            provider("asr", "vosk", settings(tmp_path)).recognizer("en", name)


@pytest.mark.parametrize(
    "variable", ["VISAVIS_OPTIONS__SHERPA_ONNX__MODEL_DIR", "VISAVIS_OPTIONS__SHERPA_ONNX__MODEL_DIR_ZH"]
)
def test_given_a_directory_in_the_environment_when_chosen_then_it_is_found(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    assert Shelf(Settings()).choose("sherpa-onnx", "zh-CN") == tmp_path
    assert Shelf(Settings()).lack("sherpa-onnx") is None


def test_given_a_directory_that_is_gone_when_chosen_then_it_says_so(tmp_path: Path) -> None:
    options: dict[str, object] = {"model_dir": str(tmp_path / "gone")}
    with pytest.raises(Unavailable, match="does not exist"):
        Shelf(settings(tmp_path, vosk=options)).choose("vosk", "en")


def test_given_models_of_two_languages_when_chosen_then_the_language_decides(tmp_path: Path) -> None:
    shelf = Shelf(settings(tmp_path))
    for name in ("vosk-en-small", "vosk-zh-small", "whisper-base"):
        shelf.place(name).mkdir(parents=True)
    assert shelf.choose("vosk", "zh-Hans") == shelf.place("vosk-zh-small")
    assert shelf.choose("vosk", "en-GB") == shelf.place("vosk-en-small")
    assert shelf.choose("faster-whisper", "sw") == shelf.place("whisper-base")
    assert list(shelf.installed("vosk")) == [find("vosk-en-small"), find("vosk-zh-small")]
    with pytest.raises(Unavailable, match="'de'"):
        shelf.choose("vosk", "de")


@pytest.mark.usefixtures("libraries")
async def test_given_chinese_when_vosk_puts_spaces_between_words_then_they_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(Shelf(settings(tmp_path)).place("vosk-zh-small"), "vosk")
    monkeypatch.setattr(sys.modules[__name__], "WORDS", ["今天", "天气", "hello", "怎么样"])
    text = (await heard(provider("asr", "vosk", settings(tmp_path)).recognizer("zh"), SOUND))[-1].text
    assert text.startswith("今天天气 hello 怎么样")
