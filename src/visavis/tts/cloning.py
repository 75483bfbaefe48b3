"""Voice cloning: a sample of somebody's voice → a voice that a provider can be asked for. The contract.

A sample is a WAV file of one voice, 24 kHz mono. That its owner agrees is for the caller to make sure of.
"""

from typing import Protocol

from visavis.tts import VoiceProvider


class VoiceCloner(Protocol):
    """Makes voices at a remote service."""

    needs_public_url: bool
    """Whether the service fetches the sample itself, instead of being sent it."""

    def check(self, *, target_model: str, name: str = "", public_url: str = "") -> None:
        """Raise `InvalidInput` for what `clone` would refuse without asking the service."""

    async def clone(
        self, sample_wav: bytes, *, target_model: str, label: str, name: str = "", public_url: str = ""
    ) -> str:
        """Clone a voice, and return what the provider calls it: the name to ask `voice` for, with `target_model`.

        `label` is for people. `name` becomes a part of the voice's name there: each service has its own rule for
        it (OpenTalking's `prefix` or `preferred_name`); empty for one made up. `public_url` is where the service
        can fetch the same sample while this call lasts. Raises `InvalidInput`, `UpstreamFailed("tts", …)`.
        """

    async def delete(self, voice_id: str, target_model: str = "") -> None:
        """Delete a cloned voice. Raises `UpstreamFailed("tts", …)`."""


class CloningProvider(VoiceProvider, Protocol):
    """A `VoiceProvider` that can clone; found by its having a `cloner`."""

    def cloner(self) -> VoiceCloner:
        """Raises `InvalidInput` if the provider is not usable."""


def cloner_of(provider: VoiceProvider) -> VoiceCloner | None:
    """The provider's cloner; None if it cannot clone. Raises `InvalidInput` if it is not usable."""
    make = getattr(provider, "cloner", None)
    if make is None:
        return None
    cloner: VoiceCloner = make()
    return cloner
