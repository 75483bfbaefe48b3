"""The bodies of OpenTalking's requests and answers about avatars that users make or change (contract 1.2, 1.5)."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from visavis.api.opentalking.schemas import Name, OptionalName


def _flag(value: str | bool | None) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "1", "yes", "on"))


Flag = Annotated[str | bool | None, AfterValidator(_flag)]
"""A form has no booleans."""


class Analysis(BaseModel):
    """A photo as an avatar would show it, and where its face is."""

    width: int = Field(description="Pixels of `image`.")
    height: int = Field(description="Pixels of `image`.")
    image: str = Field(description="The photo, turned the way it was held and cut: a PNG in base64.")
    animation: dict[str, Any] | None = Field(
        description="As a manifest's `metadata.animation`: parts of width and height. Null if there is no face."
    )
    problem: str = Field(default="", description="Why no avatar can be made of it as it is, and what to do.")


class AvatarDeleted(BaseModel):
    """An avatar was deleted, in the contract's word and in the deployed one."""

    deleted: Literal[True] = True
    avatar_id: str
    status: Literal["deleted"] = "deleted"


class PrewarmRequest(BaseModel):
    """A model that is about to be used with an avatar."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "portrait"}]})

    model: OptionalName = Field(default=None, description="Null for the default one.")


class PrewarmResponse(BaseModel):
    """A session can be made with them."""

    avatar_id: str
    model: str
    status: Literal["ready"] = "ready"


class CustomiseRequest(BaseModel):
    """What to change about a session; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"llm_system_prompt": "You are a friendly guide."}]})

    llm_system_prompt: str | None = Field(
        default=None, description="Another system prompt; empty for the usual one."
    )
    reset: Flag = Field(default=False, description="First undo every change that was made to the avatar.")


class CustomiseAvatarRequest(CustomiseRequest):
    """What to change about an avatar."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"avatar_id": "demo-avatar", "llm_system_prompt": "You are a friendly guide."}]
        }
    )

    avatar_id: Name = Field(description="From GET /avatars.")


class CustomiseResponse(BaseModel):
    """What was changed."""

    avatar_id: str
    saved: Literal[True] = True
    image_updated: bool
    prompt_updated: bool
    audio_updated: bool
    session_id: str | None = Field(default=None, description="The session that it was changed for.")
    message: str = Field(default="", description="When it counts, and what it is good for.")
