"""The models that `visavis models get` knows.

Each file has a pinned address and its SHA-256, which is checked. The checksums were not computed by us: each is
published alike by several independent projects that use the same file (for weights on Hugging Face, also as their
LFS object id). A model whose checksum could not be found so is not listed.
"""

from dataclasses import dataclass
from typing import Literal

from visavis.errors import NotFound

SHERPA = "https://github.com/k2-fsa/sherpa-onnx/releases/download/asr-models"
VOSK = "https://alphacephei.com/vosk/models"
PIPER = "https://huggingface.co/rhasspy/piper-voices/resolve/v1.0.0"
KOKORO = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"

REDIRECTS = ("https://*.githubusercontent.com", "https://*.huggingface.co", "https://*.hf.co")
"""Where GitHub and Hugging Face send those who ask for a file."""

APACHE = "https://www.apache.org/licenses/LICENSE-2.0"


@dataclass(frozen=True, slots=True)
class File:
    """Something to download."""

    url: str
    sha256: str
    size: int
    """Bytes."""
    name: str = ""
    """What it is called in the model's directory; empty for an archive, which is unpacked there."""


@dataclass(frozen=True, slots=True)
class Model:
    """What is installed as a whole."""

    name: str
    """Of its directory, too: lower case letters, digits, dots and dashes."""
    kind: Literal["asr", "tts"]
    provider: str
    """The entry point's name of the provider that uses it."""
    languages: tuple[str, ...]
    """Primary subtags; `*` for many."""
    about: str
    licence: str
    """SPDX identifier, or in words."""
    licence_url: str
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(file.size for file in self.files)

    def knows(self, tag: str) -> bool:
        """Whether it is for a language, given by its primary subtag."""
        return tag in self.languages or "*" in self.languages


def find(name: str) -> Model:
    """The model of that name; `NotFound` if the catalogue has none."""
    for model in MODELS:
        if model.name == name:
            return model
    raise NotFound(f"there is no model {name!r}; see: visavis models list")


def _whisper(size: str, revision: str, config: tuple[str, int], weights: tuple[str, int]) -> Model:
    base = f"https://huggingface.co/Systran/faster-whisper-{size}/resolve/{revision}"
    files = {
        "config.json": config,
        "model.bin": weights,
        "tokenizer.json": ("fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab", 2_203_239),
        "vocabulary.txt": ("34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", 459_861),
    }
    return Model(
        f"whisper-{size}",
        "asr",
        "faster-whisper",
        ("*",),
        f"Whisper {size}, many languages, whole utterances",
        "MIT",
        f"https://huggingface.co/Systran/faster-whisper-{size}",
        tuple(File(f"{base}/{name}", sha256, bytes_, name) for name, (sha256, bytes_) in files.items()),
    )


MODELS: tuple[Model, ...] = (
    Model(
        "sherpa-en-20m",
        "asr",
        "sherpa-onnx",
        ("en",),
        "Streaming zipformer, English, 20 million parameters",
        "Apache-2.0",
        APACHE,
        (
            File(
                f"{SHERPA}/sherpa-onnx-streaming-zipformer-en-20M-2023-02-17.tar.bz2",
                "9c559283e8498d3fe95913c79ca1cb454bb26281ac2b102b41306c7d752765d9",
                127_887_156,
            ),
        ),
    ),
    Model(
        "sherpa-en-kroko",
        "asr",
        "sherpa-onnx",
        ("en",),
        "Streaming zipformer 2, English, with punctuation (Kroko community model, by Banafo)",
        "CC-BY-SA-4.0",
        "https://huggingface.co/Banafo/Kroko-ASR",
        (
            File(
                f"{SHERPA}/sherpa-onnx-streaming-zipformer-en-kroko-2025-08-06.tar.bz2",
                "c8676e5ff9ac2a85296e53ee0fd4d5fb1db6770e7a7647166eeafe349ade6834",
                57_267_600,
            ),
        ),
    ),
    Model(
        "sherpa-zh-14m",
        "asr",
        "sherpa-onnx",
        ("zh",),
        "Streaming zipformer, Chinese, 14 million parameters",
        "Apache-2.0",
        APACHE,
        (
            File(
                f"{SHERPA}/sherpa-onnx-streaming-zipformer-zh-14M-2023-02-23.tar.bz2",
                "2cbd71b640d9c37d3784f29367333a4577b0398b62e9deeed418170b081cba8b",
                74_004_050,
            ),
        ),
    ),
    Model(
        "vosk-en-small",
        "asr",
        "vosk",
        ("en",),
        "Vosk small model 0.15, US English",
        "Apache-2.0",
        VOSK,
        (
            File(
                f"{VOSK}/vosk-model-small-en-us-0.15.zip",
                "30f26242c4eb449f948e42cb302dd7a686cb29a3423a8367f99ff41780942498",
                41_205_931,
            ),
        ),
    ),
    Model(
        "vosk-zh-small",
        "asr",
        "vosk",
        ("zh",),
        "Vosk small model 0.22, Chinese",
        "Apache-2.0",
        VOSK,
        (
            File(
                f"{VOSK}/vosk-model-small-cn-0.22.zip",
                "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
                43_898_754,
            ),
        ),
    ),
    _whisper(
        "tiny",
        "d90ca5fe260221311c53c58e660288d3deb8d356",
        ("a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8", 2_249),
        ("dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1", 75_538_270),
    ),
    _whisper(
        "base",
        "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        ("56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a", 2_309),
        ("d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9", 145_217_532),
    ),
    Model(
        "piper-en-alba",
        "tts",
        "piper",
        ("en",),
        "Piper voice Alba, Scottish English, a woman",
        "CC-BY-4.0",
        "https://huggingface.co/rhasspy/piper-voices/blob/v1.0.0/en/en_GB/alba/medium/MODEL_CARD",
        (
            File(
                f"{PIPER}/en/en_GB/alba/medium/en_GB-alba-medium.onnx",
                "401369c4a81d09fdd86c32c5c864440811dbdcc66466cde2d64f7133a66ad03b",
                63_201_294,
                "en_GB-alba-medium.onnx",
            ),
            File(
                f"{PIPER}/en/en_GB/alba/medium/en_GB-alba-medium.onnx.json",
                "aa965a2f02ecced632c2694e1fc72bbff6d65f265fab567ca945918c73dd89f4",
                4_888,
                "en_GB-alba-medium.onnx.json",
            ),
        ),
    ),
    Model(
        "piper-zh-huayan",
        "tts",
        "piper",
        ("zh",),
        "Piper voice Huayan, Chinese, a woman",
        "MIT for the collection; none is named for the recordings it was made from",
        "https://huggingface.co/rhasspy/piper-voices/blob/v1.0.0/zh/zh_CN/huayan/medium/MODEL_CARD",
        (
            File(
                f"{PIPER}/zh/zh_CN/huayan/medium/zh_CN-huayan-medium.onnx",
                "9929917bf8cabb26fd528ea44d3a6699c11e87317a14765312420be230be0f3d",
                63_201_294,
                "zh_CN-huayan-medium.onnx",
            ),
            File(
                f"{PIPER}/zh/zh_CN/huayan/medium/zh_CN-huayan-medium.onnx.json",
                "d521dc45504a8ccc99e325822b35946dd701840bfb07e3dbb31a40929ed6a82b",
                4_822,
                "zh_CN-huayan-medium.onnx.json",
            ),
        ),
    ),
    Model(
        "kokoro",
        "tts",
        "kokoro",
        ("en", "es", "fr", "hi", "it", "ja", "pt", "zh"),
        "Kokoro 82M v1.0, 54 voices",
        "Apache-2.0",
        "https://huggingface.co/hexgrad/Kokoro-82M",
        (
            File(
                f"{KOKORO}/kokoro-v1.0.onnx",
                "7d5df8ecf7d4b1878015a32686053fd0eebe2bc377234608764cc0ef3636a6c5",
                325_532_387,
                "kokoro-v1.0.onnx",
            ),
            File(
                f"{KOKORO}/voices-v1.0.bin",
                "bca610b8308e8d99f32e6fe4197e7ec01679264efed0cac9140fe9c29f1fbf7d",
                28_214_398,
                "voices-v1.0.bin",
            ),
        ),
    ),
)
