"""Microsoft's read-aloud service: a WebSocket, a configuration, SSML; MP3 and words come back."""

import hashlib
import itertools
import json
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

from visavis.testing.stub_server import Refused, StubRequest
from visavis.testing.voice_stubs.server import WebSocketStub
from visavis.testing.voice_stubs.sound import cut, mp3_tone
from visavis.testing.websocket_peer import WebSocketPeer

_CLIENT = "6A5AA1D4EAFF4E9FB37E23D68491D6F4"
_SSML = "{http://www.w3.org/2001/10/synthesis}"
_DATE = r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT\+0000 \(Coordinated Universal Time\)"
_CONFIG = {
    "context": {
        "synthesis": {
            "audio": {
                "metadataoptions": {"sentenceBoundaryEnabled": "false", "wordBoundaryEnabled": "true"},
                "outputFormat": "audio-24khz-48kbitrate-mono-mp3",
            }
        }
    }
}


@dataclass(slots=True, kw_only=True)
class EdgeRequest(StubRequest):
    """Something to say."""

    voice: str
    """As SSML names it."""
    text: str
    prosody: dict[str, str]
    token: str


def heading(path: str, body: str, content_type: str = "application/json; charset=utf-8") -> str:
    """A text message."""
    return f"X-RequestId:{'0' * 32}\r\nContent-Type:{content_type}\r\nPath:{path}\r\n\r\n{body}"


def sound(data: bytes) -> bytes:
    """A binary message; without data the one that follows the last sound."""
    kind = "Content-Type:audio/mpeg\r\n" if data else ""
    head = f"X-RequestId:{'0' * 32}\r\n{kind}X-StreamId:{'A' * 32}\r\nPath:audio\r\n".encode()
    return len(head).to_bytes(2, "big") + head + data


def word(text: str, seconds: float) -> str:
    """A message about a word."""
    data = {"Offset": round(seconds * 1e7), "Duration": 1_000_000, "text": {"Text": text, "Length": len(text)}}
    return heading("audio.metadata", json.dumps({"Metadata": [{"Type": "WordBoundary", "Data": data}]}))


START = heading("turn.start", '{"context": {"serviceTag": "0"}}')
RESPONSE = heading("response", '{"context": {"serviceTag": "0"}, "audio": {"type": "inline"}}')
END = heading("turn.end", "{}")


class EdgeStub(WebSocketStub[EdgeRequest]):
    """Says a second of a tone, with a word every 0.1 s, whatever the text."""

    PATH = "/consumer/speech/synthesize/readaloud/edge/v1"

    def check(self, peer: WebSocketPeer) -> None:
        """See `WebSocketStub`. A token of another time gets 403, as there, and is no breach."""
        parts = urlsplit(peer.path)
        query = dict(parse_qsl(parts.query))
        if parts.path != self.PATH:
            raise Refused(404, f"unknown path {parts.path}")
        if query.keys() != {"TrustedClientToken", "ConnectionId", "Sec-MS-GEC", "Sec-MS-GEC-Version"}:
            raise Refused(400, "not the parameters of the address")
        if query["TrustedClientToken"] != _CLIENT or not re.fullmatch("[0-9a-f]{32}", query["ConnectionId"]):
            raise Refused(400, "no client token, or no identifier of the connection")
        if not peer.headers.get("origin", "").startswith("chrome-extension://"):
            raise Refused(400, "not the browser's origin")
        if "Edg/" not in peer.headers.get("user-agent", ""):
            raise Refused(400, "not the browser")
        if not re.fullmatch("muid=[0-9A-F]{32};", peer.headers.get("cookie", "")):
            raise Refused(400, "no muid")
        self._check_token(query["Sec-MS-GEC"], query["Sec-MS-GEC-Version"])

    async def read(self, peer: WebSocketPeer) -> EdgeRequest | None:
        """See `WebSocketStub`."""
        first, second = await peer.receive(), await peer.receive()
        if first is None or second is None:
            return None
        config = _message(first, "speech.config", {"x-timestamp": _DATE, "content-type": "application/json.*"})
        if json.loads(config) != _CONFIG:
            raise Refused(400, "another configuration")
        ssml = _message(
            second,
            "ssml",
            {"x-timestamp": f"{_DATE}Z", "content-type": r"application/ssml\+xml", "x-requestid": "[0-9a-f]{32}"},
        )
        try:
            voice, text, prosody = _said(ssml)
        except (ElementTree.ParseError, ValueError) as error:
            raise Refused(400, "SSML that is none") from error
        token = dict(parse_qsl(urlsplit(peer.path).query))["Sec-MS-GEC"]
        return EdgeRequest(headers=peer.headers, voice=voice, text=text, prosody=prosody, token=token)

    def usual(self, request: EdgeRequest) -> list[str | bytes]:
        """See `WebSocketStub`."""
        messages: list[str | bytes] = [START, RESPONSE]
        words = re.findall(r"\w+", request.text)
        for index, piece in enumerate(cut(mp3_tone(), 720)):
            if index < len(words):
                messages.append(word(words[index], 0.1 * (index + 1)))
            messages.append(sound(piece))
        return [*messages, sound(b""), END]

    def empty(self, request: EdgeRequest) -> list[str | bytes]:
        """See `WebSocketStub`."""
        return [START, RESPONSE, END]

    def huge(self, request: EdgeRequest) -> Iterable[str | bytes]:
        """See `WebSocketStub`."""
        return itertools.chain([START], itertools.repeat(sound(mp3_tone() * 100)))

    def _check_token(self, token: str, version: str) -> None:
        # Of the second kind only the form can be checked here: its secret is not ours.
        if version.startswith("2-") and re.fullmatch("[0-9A-F]{16}-[0-9A-F]{64}", token):
            return
        seconds = int(time.time() if self.now is None else self.now) + 11_644_473_600
        good = {
            hashlib.sha256(f"{(seconds // 300 + step) * 300}0000000{_CLIENT}".encode()).hexdigest().upper()
            for step in (-1, 0, 1)
        }
        if not re.fullmatch(r"1-\d+\.\d+\.\d+\.\d+", version) or token not in good:
            raise Refused(403, "not the token of this time")


def _message(message: str | bytes, path: str, headers: dict[str, str]) -> str:
    """The body of a message that has to have these headers."""
    if not isinstance(message, str):
        raise Refused(400, "bytes where text has to be")
    head, found, body = message.partition("\r\n\r\n")
    given = {name.lower(): value for name, _, value in (line.partition(":") for line in head.split("\r\n"))}
    if not found or given.keys() != headers.keys() | {"path"} or given["path"] != path:
        raise Refused(400, f"not the headers of {path}")
    for name, form in headers.items():
        if not re.fullmatch(form, given[name]):
            raise Refused(400, f"{name} of {path} is of another form")
    return body


def _said(ssml: str) -> tuple[str, str, dict[str, str]]:
    root = ElementTree.fromstring(ssml)  # noqa: S314  # what our own client sent
    (voice,) = root
    (prosody,) = voice
    if (root.tag, voice.tag, prosody.tag) != (f"{_SSML}speak", f"{_SSML}voice", f"{_SSML}prosody") or len(prosody):
        raise ValueError("another document")
    name = voice.attrib["name"]
    if not re.fullmatch(r"Microsoft Server Speech Text to Speech Voice \([a-z]{2,3}-[\w-]+, \w+Neural\)", name):
        raise ValueError("no voice")
    return name, prosody.text or "", dict(prosody.attrib)
