"""The bodies of OpenTalking's answers about voices (contract opentalking 1.8)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

ENTRY: JsonDict = {
    "id": 1,
    "user_id": None,
    "provider": "dashscope",
    "voice_id": "qwen-tts-vc-ada-voice-1",
    "display_label": "Ada",
    "target_model": "qwen3-tts-vc-realtime",
    "source": "clone",
}


class VoiceEntry(BaseModel):
    """A voice that can be asked for."""

    model_config = ConfigDict(json_schema_extra={"examples": [ENTRY]})

    id: int = Field(
        description="Of a clone above 0; of a voice that its provider brings below 0, and always the same."
    )
    user_id: int | None = Field(default=None, description="Always null: this server knows no users.")
    provider: str = Field(description="`tts_provider` of a session.")
    voice_id: str = Field(description="`tts_voice` of a session.")
    display_label: str
    target_model: str = Field(description="The model that a clone was made for; empty for any.")
    source: Literal["clone", "system"]
    language: str = Field(default="", description="BCP 47 tag; empty if it is not known.")


class VoiceList(BaseModel):
    """Voices, clones first."""

    items: list[VoiceEntry]


class CloneResponse(BaseModel):
    """A voice was cloned."""

    ok: Literal[True] = True
    entry_id: int
    voice_id: str
    display_label: str
    provider: str
    target_model: str
    message: str


class VoiceDeleted(BaseModel):
    """A clone was deleted, in the contract's word and in the deployed one."""

    deleted: Literal[True] = True
    ok: Literal[True] = True
    message: str = Field(default="", description="What is left to be done, if the provider could not be told.")
