"""One typed `Settings`: environment (`VISAVIS_*`), `.env`, a TOML file, in this order of precedence."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from visavis.aliases import ALIASES

ENV_FILES = ("VISAVIS_ENV_FILE", "OPENTALKING_ENV_FILE")
"""What may name another file than `.env`."""


def unused_names(environment: Iterable[str]) -> list[str]:
    """Names of OpenTalking's settings in `environment` that mean nothing here."""
    used = {name for names in ALIASES.values() for name in names} | set(ENV_FILES)
    return sorted(name for name in environment if name.startswith("OPENTALKING_") and name.upper() not in used)


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

    host: str = Field(default="127.0.0.1", validation_alias=_names("host"))
    """Where `serve` listens."""
    port: int = Field(default=8000, ge=0, le=65535, validation_alias=_names("port"))
    """0 takes a free port."""
    data_dir: Path = Path("data")
    """Everything Visavis writes lives under it."""
    database_url: str = ""
    """An SQLAlchemy URL; empty means SQLite under `data_dir`."""
    cors_origins: str = Field(default="", validation_alias=_names("cors_origins"))
    """Origins that may call from other pages, separated by commas; `*` for all; empty for none."""
    avatars_dir: Path | None = Field(default=None, validation_alias=_names("avatars_dir"))
    """A directory of further avatar bundles, read only."""
    avatar_max_width: int = Field(default=1080, ge=128, le=4096, validation_alias=_names("avatar_max_width"))
    """Pixels; a picture that is uploaded for an avatar is made to fit."""
    avatar_max_height: int = Field(default=1280, ge=128, le=4096, validation_alias=_names("avatar_max_height"))
    """The same, of its height."""
    background: str = Field(
        default="", pattern=r"^(green|#[0-9a-fA-F]{6}|[0-9A-Za-z_\-\u3400-\u4dbf\u4e00-\u9fff]+\.(png|jpe?g))?$"
    )
    """Behind drawn avatars: `green`, `#rrggbb` or a file in `backgrounds` under `data_dir`; empty: their own."""
    photo_python: str = ""
    """An interpreter that has mediapipe 0.10.21, for precise landmarks of photos; empty for our own landmarks."""

    workers: int = Field(default=0, ge=0, le=256)
    """Media worker processes; 0 means one per core."""
    max_sessions: int = Field(default=32, ge=1)
    """Live sessions per media worker; beyond that a new one is refused."""
    slots: str = Field(default="", pattern=r"^\s*([\w.\-]+=\d{1,4}\s*(,\s*|$))*$")
    """Face models that serve few sessions at once, and how many: `flashtalk=1, mock=2`; 0 for any number."""
    queue_size: int = Field(default=3, ge=0, le=1000, validation_alias=_names("queue_size"))
    """Sessions that may wait for a slot of a model; beyond that a new one is refused."""
    queue_timeout: float = Field(default=3600.0, gt=0, validation_alias=_names("queue_timeout"))
    """Seconds a session may wait for a slot."""
    slot_seconds: float = Field(default=600.0, ge=0, validation_alias=_names("slot_seconds"))
    """Seconds a session may have a slot before it is ended; 0 for as long as it likes."""
    max_text_chars: int = Field(default=10_000, ge=1)
    """The longest text of one `speak` or `chat`."""
    max_body_bytes: int = Field(default=64 * 1024, ge=1024)
    """The largest JSON body."""

    tts: str = Field(default="espeak", validation_alias=_names("tts"))
    """The voice provider of sessions that name none."""
    voice: str = Field(default="", validation_alias=_names("voice"))
    """The provider's voice; empty lets the language of each sentence choose."""
    tts_fallback: bool = False
    """Let the default provider speak, with a warning, where a client names a documented one not usable here."""
    tts_url: str = Field(default="", validation_alias=_names("tts_url"))
    """An OpenAI-compatible endpoint for the voice provider `openai`, up to and including `/v1`."""
    tts_api_key: str = Field(default="", validation_alias=_names("tts_api_key"), repr=False)
    """Sent to it as a bearer token; never shown."""
    tts_model: str = Field(default="", validation_alias=_names("tts_model"))
    """The speech model's name at that endpoint."""
    edge: bool = False
    """Let clients choose the voice provider `edge`, which sends their text to Microsoft."""
    edge_voice: str = Field(default="", validation_alias=_names("edge_voice"))
    """The voice of `edge` for its own language, like `zh-CN-XiaoxiaoNeural`; empty for the usual one."""
    elevenlabs_api_key: str = Field(default="", validation_alias=_names("elevenlabs_api_key"), repr=False)
    """The key for the voice provider `elevenlabs`; never shown."""
    elevenlabs_base_url: str = Field(
        default="https://api.elevenlabs.io", validation_alias=_names("elevenlabs_base_url")
    )
    """Where its API is, without `/v1`."""
    elevenlabs_voice_id: str = Field(default="", validation_alias=_names("elevenlabs_voice_id"))
    """The identifier of the voice that speaks where none is named."""
    elevenlabs_model_id: str = Field(default="eleven_flash_v2_5", validation_alias=_names("elevenlabs_model_id"))
    """The model that makes the sound."""
    elevenlabs_output_format: str = Field(
        default="mp3_22050_32", validation_alias=_names("elevenlabs_output_format")
    )
    """What the sound is sent as: `mp3_` or `pcm_`, Hz, and for MP3 kbit/s."""
    dashscope_api_key: str = Field(default="", validation_alias=_names("dashscope_api_key"), repr=False)
    """The key of the voice providers `dashscope`, `cosyvoice` and `sambert`; never shown."""
    dashscope_tts_model: str = Field(
        default="qwen3-tts-flash-realtime", validation_alias=_names("dashscope_tts_model")
    )
    """The speech model of `dashscope`, which is also called `qwen_tts`."""
    dashscope_tts_voice: str = Field(default="Cherry", validation_alias=_names("dashscope_tts_voice"))
    """Its voice where none is named."""
    dashscope_service_url: str = Field(
        default="wss://dashscope.aliyuncs.com/api-ws/v1/realtime", validation_alias=_names("dashscope_service_url")
    )
    """Where `dashscope` is reached."""
    qwen_tts_language: str = Field(default="Chinese", validation_alias=_names("qwen_tts_language"))
    """What it is told that Chinese sentences are, in its own words: `Chinese`; `Auto` lets it find out."""
    cosyvoice_model: str = Field(default="cosyvoice-v3-flash", validation_alias=_names("cosyvoice_model"))
    """The speech model of `cosyvoice`."""
    cosyvoice_service_url: str = Field(
        default="wss://dashscope.aliyuncs.com/api-ws/v1/inference",
        validation_alias=_names("cosyvoice_service_url"),
    )
    """Where `cosyvoice` and `sambert` are reached."""
    sambert_model: str = Field(default="sambert-zhichu-v1", validation_alias=_names("sambert_model"))
    """The voice of `sambert` where none is named."""
    public_base_url: str = Field(default="", validation_alias=_names("public_base_url"))
    """Where this server is reached from outside, for voice samples and Pipecat pipelines: `https://avatar.example`."""
    require_consent: bool = False
    """Clone a voice, or make an avatar of a picture, only if the request says who agreed to it."""
    language: str = "en"
    """BCP 47 tag of the language that Latin script is taken to be."""
    asr: str = Field(default="pocketsphinx", validation_alias=_names("asr"))
    """The recogniser."""
    asr_model: str = Field(default="", validation_alias=_names("asr_model"))
    """The recogniser's model; empty for its default."""
    asr_url: str = Field(default="", validation_alias=_names("asr_url"))
    """An OpenAI-compatible endpoint for the recogniser `openai`, up to and including `/v1`."""
    asr_api_key: str = Field(default="", validation_alias=_names("asr_api_key"), repr=False)
    """Sent to it as a bearer token; never shown."""
    dashscope_asr_api_key: str = Field(default="", validation_alias=_names("dashscope_asr_api_key"), repr=False)
    """The key of the recogniser `dashscope`; empty for `dashscope_api_key`; never shown."""
    dashscope_asr_model: str = Field(
        default="paraformer-realtime-v2", validation_alias=_names("dashscope_asr_model")
    )
    """Its model."""
    dashscope_asr_languages: str = Field(default="", validation_alias=_names("dashscope_asr_languages"))
    """Languages it is to expect, separated by commas: `zh,en`; empty for that of the session."""
    dashscope_asr_url: str = "wss://dashscope.aliyuncs.com/api-ws/v1/inference"
    """Where it is reached."""
    asr_processes: int = Field(default=1, ge=1, le=64)
    """Recogniser processes per media worker; each takes one utterance at a time."""
    vad: str = "gate"
    """The voice activity detector."""
    echo: Literal["browser", "cancel", "half-duplex"] = "browser"
    """Who cancels the avatar's echo: browsers, our canceller, or nobody: deaf while it speaks."""
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
    rag_url: str = ""
    """The endpoint of a RAG service for the chat model `rag`, all of it: `http://host:8020/api/v1/query`."""
    system_prompt: str = Field(
        default="You are a friendly assistant who speaks. Answer in one to three short sentences without markup.",
        validation_alias=_names("system_prompt"),
    )
    """The system prompt of sessions that bring none."""
    tools: str = ""
    """Providers whose tools a chat model may call, separated by commas: `clock`; empty for none."""
    speak_mode: Literal["direct", "chat"] = "direct"
    """What OpenTalking's `/speak` means: say the text, or answer it (as its deployed web client expects)."""

    default_model: str = Field(default="portrait", validation_alias=_names("default_model"))
    """The face model that `/models` proposes."""
    mock_counter: bool = False
    """The `mock` face shows a frame counter, and flashes and beeps once a second while it speaks."""

    kiosk_analyzer_url: str = Field(default="", validation_alias=_names("kiosk_analyzer_url"))
    """Where kiosk sessions have speech recognised, the whole URL; empty for the recogniser of this server."""
    kiosk_rag_url: str = Field(default="", validation_alias=_names("kiosk_rag_url"))
    """Where they have questions answered; empty for the chat model of this server."""
    kiosk_tts_url: str = Field(default="", validation_alias=_names("kiosk_tts_url"))
    """Where they have answers spoken; empty for the voice of this server."""
    kiosk_tts_model: str = Field(default="qwen-tts", validation_alias=_names("kiosk_tts_model"))
    """The model that a speech service behind a URL is asked for."""
    kiosk_tts_voice: str = Field(default="", validation_alias=_names("kiosk_tts_voice"))
    """The voice of kiosk sessions; empty leaves it open."""
    kiosk_tts_language: str = Field(default="English", validation_alias=_names("kiosk_tts_language"))
    """The language that a speech service behind a URL is told."""
    kiosk_tts_instructions: str = Field(default="", validation_alias=_names("kiosk_tts_instructions"))
    """How a speech service behind a URL is to speak."""
    kiosk_http_timeout_seconds: float = Field(
        default=120.0, ge=0.1, le=600, validation_alias=_names("kiosk_http_timeout_seconds")
    )
    """Seconds that services behind URLs have: for a transcript, between two pieces of an answer or of speech."""
    kiosk_sample_rate: int = Field(
        default=16_000, ge=8000, le=48_000, validation_alias=_names("kiosk_sample_rate")
    )
    """Hz at which a microphone is opened and raw sound is taken to be."""
    kiosk_chunk_seconds: float = Field(default=4.0, ge=0.5, le=30, validation_alias=_names("kiosk_chunk_seconds"))
    """Seconds of sound that are recognised at a time."""
    kiosk_silence_timeout_seconds: float = Field(
        default=1.5, ge=0.2, le=10, validation_alias=_names("kiosk_silence_timeout_seconds")
    )
    """Seconds of silence after speech that end a question."""
    kiosk_max_session_seconds: float = Field(
        default=20.0, ge=1, le=300, validation_alias=_names("kiosk_max_session_seconds")
    )
    """The longest question, in seconds of sound."""
    kiosk_silence_threshold: int = Field(
        default=900, ge=1, le=32_767, validation_alias=_names("kiosk_silence_threshold")
    )
    """Loudness (root mean square of 16 bit samples) at which sound counts as speech."""
    kiosk_endpointing: Literal["level", "voice"] = "level"
    """What counts as speech: loudness, as the kiosk API documents it, or what the voice activity detector says."""
    kiosk_idle_seconds: float = Field(default=60.0, ge=0)
    """Seconds without speech after which a session that listens live ends; 0 for never."""
    kiosk_sessions: int = Field(default=1, ge=1, le=256)
    """Kiosk sessions at once; the server's own microphone serves one of them."""
    kiosk_request_urls: Literal["reject", "map", "ignore"] = "reject"
    """What a request that names a service no setting names becomes: refused, rewritten, or its URLs not used."""
    kiosk_url_map: str = Field(default="", pattern=r"^\s*([\w.\-]+(:\d{1,5})?=[\w.\-]+:\d{1,5}\s*(,\s*|$))*$")
    """For `map`: what a host in a request means, separated by commas: `rag-service=127.0.0.1:8020`."""
    kiosk_max_upload_mib: int = Field(default=64, ge=1, le=1024)
    """The largest recording that a kiosk session takes."""
    kiosk_retention_hours: float = Field(default=24.0, ge=0)
    """Kiosk sessions and their clips are deleted when they are older than this."""
    kiosk_max_ingest_tokens: int = Field(default=25_000, ge=1, validation_alias=_names("kiosk_max_ingest_tokens"))
    """The most tokens of one text or file that is added over the kiosk's API; five letters count as one."""

    protoface_pro_model: str = ""
    """The face model of quality `pro` in the Protoface API; empty refuses that quality."""
    protoface_concurrency: int = Field(default=8, ge=1, le=10_000)
    """Sessions an organisation may have at once in the Protoface API, where its key does not say."""
    protoface_queue: int = Field(default=8, ge=0, le=1000)
    """Sessions that may wait there for a place; beyond that a new one is refused."""
    protoface_start_seconds: float = Field(default=30.0, ge=1, le=600)
    """Seconds a session there may take until its first picture; then it has failed."""
    protoface_max_seconds: int = Field(default=3600, ge=1, le=3600)
    """The longest session there; a request for more gets this."""
    protoface_avatars: int = Field(default=50, ge=0, le=10_000)
    """Avatars an organisation may have made there."""

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
    recording_minutes: float = Field(default=60.0, gt=0)
    """The longest recording of a session; there it ends and is complete."""
    recording_hours: float = Field(default=24.0, ge=0)
    """Recordings older than this are deleted."""
    render_processes: int = Field(default=1, ge=1, le=64)
    """Offline bundles that are rendered at once, each in a process of its own with a low priority."""
    render_hours: float = Field(default=24.0, ge=0)
    """Offline bundles are deleted when they are older than this."""
    require_keys: bool = False
    """Let nobody use the OpenTalking and kiosk APIs without a key (`visavis key create`)."""
    creates_per_minute: int = Field(default=10, ge=1, le=100_000)
    """Sessions and avatars that a key may create in a minute over the Protoface API, unless it says otherwise."""
    webhook_hosts: str = ""
    """Hosts of webhooks that may have private addresses or no TLS, separated by commas: `crm.lan:8080`."""
    webhook_days: float = Field(default=7.0, gt=0)
    """Events for webhooks are deleted when they are older than this, delivered or not."""
    livekit_hosts: str = ""
    """LiveKit hosts that rooms may be on, separated by commas: `livekit.lan:7880`; empty for all public ones."""
    outbound_allow: str = ""
    """Further hosts that configured providers may be reached at, separated by commas."""
    log_level: str = Field(default="INFO", validation_alias=_names("log_level"))
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
        if env_file := next(filter(None, map(os.environ.get, ENV_FILES)), None):
            dotenv_settings = DotEnvSettingsSource(settings_cls, env_file=env_file)
        sources = (init_settings, env_settings, dotenv_settings)
        if path := os.environ.get("VISAVIS_CONFIG"):
            return (*sources, TomlConfigSettingsSource(settings_cls, Path(path)))
        return sources

    def option(self, provider: str, key: str, default: Any) -> Any:
        """A free setting of `provider`, converted to the type of `default`."""
        value = self.options.get(provider, {}).get(key, default)
        return type(default)(value)

    @property
    def model_slots(self) -> dict[str, int]:
        """How many sessions a model serves at once, where the operator says so."""
        pairs = [part.strip().split("=") for part in self.slots.split(",") if part.strip()]
        return {model: int(slots) for model, slots in pairs}

    @property
    def tool_providers(self) -> list[str]:
        """The tool providers that are enabled."""
        return [name for part in self.tools.split(",") if (name := part.strip())]

    @property
    def chat_provider(self) -> str:
        """The chat model provider in force."""
        return self.llm or ("openai" if self.llm_base_url else "documents")
