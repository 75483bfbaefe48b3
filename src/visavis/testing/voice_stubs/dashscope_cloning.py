"""DashScope's voice cloning: a strict server. Source: Model Studio's reference, "Voice cloning HTTP API"."""

import itertools
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from visavis.testing.stub_server import Refused, Stub, StubRequest, check_fields, json_object

_FIELDS = {
    ("qwen-voice-enrollment", "create"): {"action", "target_model", "preferred_name", "audio"},
    ("qwen-voice-enrollment", "delete"): {"action", "voice"},
    ("voice-enrollment", "create_voice"): {"action", "target_model", "prefix", "url"},
    ("voice-enrollment", "delete_voice"): {"action", "voice_id"},
}


@dataclass(slots=True, kw_only=True)
class CloningRequest(StubRequest):
    """Something that was asked for."""

    model: str
    input: Mapping[str, Any]

    @property
    def sample(self) -> bytes:
        """The sound that came with it."""
        return b64decode(self.input["audio"]["data"].partition(",")[2], validate=True)


class CloningStub(Stub[CloningRequest]):
    """Clones any voice, and deletes any."""

    PATH = "/api/v1/services/audio/tts/customization"
    CONTENT_TYPE = "application/json"

    @property
    def websocket_url(self) -> str:
        """As `VISAVIS_DASHSCOPE_SERVICE_URL` has it, of the same host."""
        return self.url.replace("http://", "ws://").removesuffix(self.PATH) + "/api-ws/v1/realtime"

    def usual(self) -> list[bytes]:
        """See `Stub`."""
        asked = self.requests[-1]
        match asked.input["action"]:
            case "create":
                output = {"voice": f"qwen-tts-vc-{asked.input['preferred_name']}-voice-1"}
            case "create_voice":
                output = {"voice_id": f"{asked.input['target_model']}-{asked.input['prefix']}-1"}
            case _:
                output = {}
        told = json.dumps({"output": output, "usage": {"count": 1}, "request_id": "stub"}).encode()
        return [told[:10], told[10:]]

    def empty(self) -> list[bytes]:
        """See `Stub`."""
        return [b"{}"]

    def huge(self) -> Iterable[bytes]:
        """See `Stub`."""
        return itertools.repeat(b'{"output": ' + b" " * 10_000)

    def read(self, headers: Mapping[str, str], body: bytes) -> CloningRequest:
        """See `Stub`."""
        found = json_object(headers, body)
        check_fields(found, {"model", "input"}, set())
        asked = found["input"]
        fields = _FIELDS.get((found["model"], asked.get("action")))
        if fields is None:
            raise Refused(400, "unknown model or action")
        check_fields(asked, fields, set())
        if "audio" in asked:
            check_fields(asked["audio"], {"data"}, set())
            if not re.match("data:audio/wav;base64,", asked["audio"]["data"]):
                raise Refused(400, "the sample is no data URI of a WAV file")
        if "preferred_name" in asked and not re.fullmatch("[a-z][a-z0-9_]{0,19}", asked["preferred_name"]):
            raise Refused(400, "bad preferred_name")
        if "prefix" in asked and not re.fullmatch("[a-z0-9]{1,9}", asked["prefix"]):
            raise Refused(400, "bad prefix")
        return CloningRequest(headers=headers, model=found["model"], input=asked)
