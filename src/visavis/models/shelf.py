"""Where models are kept, and which of them a provider is to use."""

from collections.abc import Iterator
from pathlib import Path

from visavis.errors import InvalidInput, Unavailable
from visavis.models.catalogue import MODELS, Model
from visavis.settings import Settings


class Shelf:
    """The directory `models` under `data_dir`, with one directory for each model, which is whole."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.directory = settings.data_dir / "models"

    def place(self, name: str) -> Path:
        """Where the model of that name of the catalogue is, or would be."""
        return self.directory / name

    def has(self, model: Model) -> bool:
        """Whether it is installed."""
        return self.place(model.name).is_dir()

    def installed(self, provider: str) -> Iterator[Model]:
        """The catalogue's models of a provider that are installed, the preferred first."""
        return (model for model in MODELS if model.provider == provider and self.has(model))

    def lack(self, provider: str) -> str | None:
        """None if `provider` has any model; else how to get one."""
        if any(self.installed(provider)) or any(key.startswith("model_dir") for key in self._options(provider)):
            return None
        return _remedy(provider)

    def choose(self, provider: str, language: str, name: str = "") -> Path:
        """The directory of the model that `provider` is to use.

        The one that is named; else the one in the option `model_dir_xx` of the language, or `model_dir`; else the
        first of the catalogue that knows the language and is installed. Raises `InvalidInput` for an unknown name,
        `Unavailable` for none.
        """
        if name:
            for model in self.installed(provider):
                if model.name == name:
                    return self.place(name)
            raise InvalidInput(f"{provider} has no model {name!r} here; see: visavis models list")
        tag = language.lower().split("-")[0]
        options = self._options(provider)
        for key in (f"model_dir_{tag}", "model_dir"):
            if given := options.get(key):
                directory = Path(str(given))
                if not directory.is_dir():
                    raise Unavailable(f"{provider}: the directory in the option {key} does not exist")
                return directory
        for model in self.installed(provider):
            if model.knows(tag):
                return self.place(model.name)
        raise Unavailable(f"{provider} has no model for {language!r}; {_remedy(provider, tag)}")

    def _options(self, provider: str) -> dict[str, object]:
        return self._settings.options.get(provider.replace("-", "_"), {})


def _remedy(provider: str, tag: str = "") -> str:
    known = [model.name for model in MODELS if model.provider == provider and (not tag or model.knows(tag))]
    option = f"VISAVIS_OPTIONS__{provider.replace('-', '_').upper()}__MODEL_DIR"
    get = f"get a model: visavis models get {known[0]}, or " if known else ""
    return f"{get}name a directory with one in {option}"
