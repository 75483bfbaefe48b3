"""Voice cloning at DashScope, for Qwen's voices and for CosyVoice.

Source: Model Studio's reference, "Voice cloning HTTP API"; the rules for names are those of OpenTalking.
"""

import re
import secrets
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from visavis.errors import InvalidInput
from visavis.outbound import OutboundFailed
from visavis.outbound.dashscope import Service, web_address
from visavis.outbound.upstream import parsed

PATH = "/api/v1/services/audio/tts/customization"

TIMEOUT = 120.0
"""Seconds that a cloning may take; usually some ten."""

MAX_ANSWER_BYTES = 256 * 1024

_MODEL = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")
_VOICE = re.compile(r"[\x21-\x7e]{1,200}")


class QwenCloner:
    """A `VoiceCloner`: the sample goes with the request."""

    needs_public_url = False

    def __init__(self, service: Service) -> None:
        self._service = service

    def check(self, *, target_model: str, name: str = "", public_url: str = "") -> None:
        """See `VoiceCloner`."""
        _check_model(target_model)
        if name and not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", name):
            raise InvalidInput(
                "preferred_name has to be a letter and up to 19 letters, digits or _, in lower case"
            )

    async def clone(
        self, sample_wav: bytes, *, target_model: str, label: str, name: str = "", public_url: str = ""
    ) -> str:
        """See `VoiceCloner`."""
        self.check(target_model=target_model, name=name)
        sound = "data:audio/wav;base64," + b64encode(sample_wav).decode("ascii")
        wanted = {
            "action": "create",
            "target_model": target_model,
            "preferred_name": name or f"voice_{secrets.token_hex(4)}",
            "audio": {"data": sound},
        }
        return _voice(self._service, await _ask(self._service, "qwen-voice-enrollment", wanted), "voice")

    async def delete(self, voice_id: str, target_model: str = "") -> None:
        """See `VoiceCloner`."""
        _check_voice(voice_id)
        await _ask(self._service, "qwen-voice-enrollment", {"action": "delete", "voice": voice_id})


class CosyVoiceCloner:
    """A `VoiceCloner`: the service fetches the sample."""

    needs_public_url = True

    def __init__(self, service: Service) -> None:
        self._service = service

    def check(self, *, target_model: str, name: str = "", public_url: str = "") -> None:
        """See `VoiceCloner`."""
        _check_model(target_model)
        if name and not re.fullmatch(r"[a-z0-9]{1,9}", name):
            raise InvalidInput("prefix has to be one to nine letters or digits, in lower case")
        if not public_url.startswith(("https://", "http://")):
            raise InvalidInput(
                "CosyVoice fetches the sample from this server: set VISAVIS_PUBLIC_BASE_URL to where it is reached"
            )

    async def clone(
        self, sample_wav: bytes, *, target_model: str, label: str, name: str = "", public_url: str = ""
    ) -> str:
        """See `VoiceCloner`."""
        self.check(target_model=target_model, name=name, public_url=public_url)
        wanted = {
            "action": "create_voice",
            "target_model": target_model,
            "prefix": name or f"v{secrets.token_hex(4)}",
            "url": public_url,
        }
        return _voice(self._service, await _ask(self._service, "voice-enrollment", wanted), "voice_id")

    async def delete(self, voice_id: str, target_model: str = "") -> None:
        """See `VoiceCloner`."""
        _check_voice(voice_id)
        await _ask(self._service, "voice-enrollment", {"action": "delete_voice", "voice_id": voice_id})


def _check_model(model: str) -> None:
    if not _MODEL.fullmatch(model):
        raise InvalidInput("target_model has to be the name of a model, such as cosyvoice-v3-flash")


def _check_voice(voice: str) -> None:
    if not _VOICE.fullmatch(voice):
        raise InvalidInput("the voice's name is not one of the service's")


async def _ask(service: Service, model: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Post a request, once; return the answer's `output`."""
    hide = (service.key, str(wanted.get("url", "")))
    try:
        async with service.outbound.stream(
            "POST",
            web_address(service.url) + PATH,
            json={"model": model, "input": dict(wanted)},
            headers=service.headers,
            timeout=TIMEOUT,
            total=TIMEOUT,
            max_bytes=MAX_ANSWER_BYTES,
        ) as response:
            if response.status != 200:
                raise await service.upstream.refused(response, hide)
            told = parsed(await response.body())
    except OutboundFailed as error:
        raise service.upstream.lost(error, hide) from error
    except ValueError as error:
        raise service.upstream.rubbish() from error
    output = told.get("output", {}) if isinstance(told, dict) else None
    if not isinstance(output, dict):
        raise service.upstream.rubbish()
    return output


def _voice(service: Service, output: Mapping[str, Any], field: str) -> str:
    voice = output.get(field)
    if isinstance(voice, str) and _VOICE.fullmatch(voice):
        return voice
    raise service.upstream.rubbish()
