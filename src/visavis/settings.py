"""One typed `Settings`: environment (`VISAVIS_*`), `.env`, a TOML file, in this order of precedence."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

ALIASES: dict[str, tuple[str, ...]] = {
    "cors_origins": ("OPENTALKING_CORS_ORIGINS",),
    "avatars_dir": ("OPENTALKING_AVATARS_DIR",),
    "tts": ("OPENTALKING_TTS_DEFAULT_PROVIDER", "OPENTALKING_TTS_PROVIDER"),
    "asr": ("OPENTALKING_STT_DEFAULT_PROVIDER", "OPENTALKING_STT_PROVIDER"),
    "voice": ("OPENTALKING_TTS_VOICE",),
    "llm_base_url": ("OPENTALKING_LLM_BASE_URL",),
    "llm_api_key": ("OPENTALKING_LLM_API_KEY",),
    "llm_model": ("OPENTALKING_LLM_MODEL",),
    "system_prompt": ("OPENTALKING_LLM_SYSTEM_PROMPT",),
}
"""The documented names of other servers' settings that mean the same as ours."""


def _names(field: str) -> AliasChoices:
    return AliasChoices(f"VISAVIS_{field.upper()}", *ALIASES.get(field, ()), field)


class Settings(BaseSettings):
    """Everything that can be configured. A field `x_y` is `VISAVIS_X_Y` in the environment."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_prefix="VISAVIS_",
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    host: str = "127.0.0.1"
    """Where `serve` listens."""
    port: int = Field(default=8000, ge=0, le=65535)
    """0 takes a free port."""
    data_dir: Path = Path("data")
    """Everything Visavis writes lives under it."""
    database_url: str = ""
    """An SQLAlchemy URL; empty means SQLite under `data_dir`."""
    cors_origins: str = Field(default="", validation_alias=_names("cors_origins"))
    """Origins that may call from other pages, separated by commas; `*` for all; empty for none."""
    avatars_dir: Path | None = Field(default=None, validation_alias=_names("avatars_dir"))
    """A directory of further avatar bundles, read only."""

    workers: int = Field(default=0, ge=0, le=256)
    """Media worker processes; 0 means one per core."""
    max_sessions: int = Field(default=32, ge=1)
    """Live sessions per media worker; beyond that a new one is refused."""
    max_text_chars: int = Field(default=10_000, ge=1)
    """The longest text of one `speak` or `chat`."""
    max_body_bytes: int = Field(default=64 * 1024, ge=1024)
    """The largest JSON body."""

    tts: str = Field(default="espeak", validation_alias=_names("tts"))
    """The voice provider of sessions that name none."""
    voice: str = Field(default="", validation_alias=_names("voice"))
    """The provider's voice; empty lets the language of each sentence choose."""
    tts_fallback: bool = False
    """Let the default provider speak, with a warning, where a client names a documented one not installed."""
    language: str = "en"
    """BCP 47 tag of the language that Latin script is taken to be."""
    asr: str = Field(default="pocketsphinx", validation_alias=_names("asr"))
    """The recogniser."""
    asr_model: str = ""
    """The recogniser's model; empty for its default."""
    asr_processes: int = Field(default=1, ge=1, le=64)
    """Recogniser processes per media worker; each takes one utterance at a time."""
    vad: str = "gate"
    """The voice activity detector."""
    preemptive: bool = True
    """Prepare an answer while the user's last pause may still be only a pause."""

    llm: str = ""
    """The chat model provider; empty means `openai` if `llm_base_url` is set, else `documents`."""
    llm_base_url: str = Field(default="", validation_alias=_names("llm_base_url"))
    """An OpenAI-compatible endpoint, up to and including `/v1`."""
    llm_api_key: str = Field(default="", validation_alias=_names("llm_api_key"), repr=False)
    """Sent as a bearer token; never shown."""
    llm_model: str = Field(default="", validation_alias=_names("llm_model"))
    """The model's name at that endpoint."""
    llm_timeout: float = Field(default=30.0, gt=0)
    """Seconds without a byte from the model before the turn fails."""
    system_prompt: str = Field(
        default="You are a friendly assistant who speaks. Answer in one to three short sentences without markup.",
        validation_alias=_names("system_prompt"),
    )
    """The system prompt of sessions that bring none."""
    tools: str = ""
    """Providers whose tools a chat model may call, separated by commas: `clock`; empty for none."""
    speak_mode: Literal["direct", "chat"] = "direct"
    """What OpenTalking's `/speak` means: say the text, or answer it (as its deployed web client expects)."""

    default_model: str = "portrait"
    """The face model that `/models` proposes."""
    mock_counter: bool = False
    """The `mock` face shows a frame counter, and flashes and beeps once a second while it speaks."""

    ice_servers: str = ""
    """STUN and TURN servers, separated by commas: `stun:host:port`, `turn:user:secret@host:port`."""
    udp_ports: str = ""
    """`low-high`: the UDP ports media may use; empty for any."""
    public_address: str = ""
    """The address to announce instead of the machine's own, behind a one-to-one NAT."""
    peer_grace: float = Field(default=30.0, ge=0)
    """Seconds a session waits, paused, for a peer that was lost."""
    idle_timeout: float = Field(default=600.0, gt=0)
    """Seconds a session may stay without a peer that ever connected and without being spoken to."""
    max_video_kbps: int = Field(default=1500, ge=100)
    """The most a live picture may use."""

    journal: bool = True
    """Keep each turn's text and sound under `data_dir`, for recordings and bug reports."""
    journal_hours: float = Field(default=24.0, ge=0)
    """Journals older than this are deleted."""
    journal_mib: int = Field(default=1024, ge=0)
    """The oldest journals are deleted beyond this size in all."""
    outbound_allow: str = ""
    """Further hosts that configured providers may be reached at, separated by commas."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""
    options: dict[str, dict[str, Any]] = {}
    """Free settings of providers, by provider name: `VISAVIS_OPTIONS__ESPEAK__RATE=160`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the TOML file named by `VISAVIS_CONFIG` behind the environment."""
        sources = (init_settings, env_settings, dotenv_settings)
        if path := os.environ.get("VISAVIS_CONFIG"):
            return (*sources, TomlConfigSettingsSource(settings_cls, Path(path)))
        return sources

    def option(self, provider: str, key: str, default: Any) -> Any:
        """A free setting of `provider`, converted to the type of `default`."""
        value = self.options.get(provider, {}).get(key, default)
        return type(default)(value)

    @property
    def tool_providers(self) -> list[str]:
        """The tool providers that are enabled."""
        return [name for part in self.tools.split(",") if (name := part.strip())]

    @property
    def chat_provider(self) -> str:
        """The chat model provider in force."""
        return self.llm or ("openai" if self.llm_base_url else "documents")
