"""The voices of the installed providers, and cloning: work that belongs to no session."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from visavis import registry
from visavis.errors import InvalidInput, VisavisError
from visavis.settings import Settings
from visavis.tts import VoiceProvider
from visavis.tts.cloning import VoiceCloner, cloner_of
from visavis.uploads import PublicFiles

CLONED_RATE = 24_000
"""Hz of a sample, as `visavis.tts.cloning` asks for it."""


class PresetVoice(msgspec.Struct, frozen=True):
    """A voice that its provider brings."""

    provider: str
    name: str
    """What the provider calls it."""
    language: str
    """BCP 47 tag."""
    label: str
    """For people."""


class Voices:
    """Asks the providers of voices. Connections are opened for one call, and closed after it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.samples = PublicFiles(settings.data_dir / "voice-uploads")
        """Samples that a service fetches from here."""

    def presets(self, provider: str = "") -> list[PresetVoice]:
        """The voices that the installed providers, or one of them, can name. Blocks: it may load libraries."""
        found: list[PresetVoice] = []
        for name in registry.names("tts"):
            if provider in ("", name):
                try:
                    found += [
                        PresetVoice(info.provider, info.name, info.language, info.label)
                        for info in self._provider(name).voices()
                    ]
                except (VisavisError, ImportError, OSError):
                    # Not usable here, and it takes its library to know the names.
                    continue
        return found

    def able(self) -> list[str]:
        """The providers that are set up and can clone. Blocks."""
        cloning = {name: self._provider(name) for name in self._cloning()}
        return [name for name, provider in cloning.items() if provider.missing() is None]

    def check(self, provider: str) -> None:
        """Raise `InvalidInput` for a provider that is not installed, not usable, or can't clone."""
        self._cloner(provider)

    async def clone(
        self, sample: Path, *, provider: str, target_model: str, label: str, names: dict[bool, str]
    ) -> str:
        """Clone the voice in `sample`, a WAV file of 24 kHz mono; returns what the provider calls it.

        `names` is what it is to be called there: under True for a service that fetches the sample itself, under
        False for one that is sent it. Raises `InvalidInput`, `UpstreamFailed`.
        """
        async with self._opened(provider) as cloner:
            name = names.get(cloner.needs_public_url, "")
            base = self._settings.public_base_url.rstrip("/") if cloner.needs_public_url else ""
            # Before anything of the sample can be fetched.
            cloner.check(target_model=target_model, name=name, public_url=base)
            content = await asyncio.to_thread(sample.read_bytes)
            url = ""
            if cloner.needs_public_url:
                url = f"{base}/voice-uploads/{await asyncio.to_thread(self.samples.offer, content)}"
            return await cloner.clone(content, target_model=target_model, label=label, name=name, public_url=url)

    async def delete(self, provider: str, voice_id: str, target_model: str) -> None:
        """Delete a cloned voice at its provider. Raises `InvalidInput`, `UpstreamFailed`."""
        async with self._opened(provider) as cloner:
            await cloner.delete(voice_id, target_model)

    @asynccontextmanager
    async def _opened(self, name: str) -> AsyncIterator[VoiceCloner]:
        provider, cloner = self._cloner(name)
        try:
            yield cloner
        finally:
            await registry.close(provider)

    def _cloner(self, name: str) -> tuple[VoiceProvider, VoiceCloner]:
        provider = self._provider(name)
        cloner = cloner_of(provider)
        if cloner is None:
            able = ", ".join(self._cloning()) or "none"
            raise InvalidInput(f"the voice provider {name!r} can't clone voices; these can: {able}")
        return provider, cloner

    def _cloning(self) -> list[str]:
        return [name for name in registry.names("tts") if hasattr(self._provider(name), "cloner")]

    def _provider(self, name: str) -> VoiceProvider:
        found: VoiceProvider = registry.provider("tts", name, self._settings)
        return found
