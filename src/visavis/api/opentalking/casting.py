"""Cloned voices among those that a request names."""

from typing import NamedTuple

from visavis.store import VoiceRecords


class Wanted(NamedTuple):
    """The voice that a request asks for; what is empty it leaves open."""

    voice: str
    provider: str
    model: str


async def wanted(records: VoiceRecords, choice: Wanted) -> Wanted:
    """`choice`, where a cloned voice brings the provider and the model that the request leaves open."""
    if not choice.voice or (choice.provider and choice.model):
        return choice
    record = await records.named(choice.voice)
    if record is None:
        return choice
    return Wanted(choice.voice, choice.provider or record.provider, choice.model or record.target_model)
