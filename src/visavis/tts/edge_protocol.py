"""What is said to Microsoft's read-aloud service and by it, over a WebSocket.

Nothing of it is documented by Microsoft. Source: what the library edge-tts 7.3 sends and takes, read, not copied.
Messages have headers, an empty line and a body; binary ones say in two bytes first how long their headers are.
"""

import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any, Literal, TypeAlias
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from visavis.tts.arriving import SpokenWord

URL = "wss://speech.platform.bing.com/consumer/speech/synthesize/readaloud/edge/v1"

CLIENT_TOKEN = "6A5AA1D4EAFF4E9FB37E23D68491D6F4"  # noqa: S105  # every Edge browser sends this one
BROWSER = "143.0.3650.75"
"""The browser that is spoken for."""

_MAJOR = BROWSER.partition(".")[0]

HEADERS = {
    "Pragma": "no-cache",
    "Cache-Control": "no-cache",
    "Origin": "chrome-extension://jdiccldimpdaibmpdkjnbmckianbfold",
    "Accept-Language": "en-US,en;q=0.9",
    "User-Agent": (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{_MAJOR}.0.0.0 Safari/537.36 Edg/{_MAJOR}.0.0.0"
    ),
}
"""Those of that browser."""

OUTPUT_FORMAT = "audio-24khz-48kbitrate-mono-mp3"

TICKS = 10_000_000
"""In a second: times are counted in 100 ns."""

_EPOCH = 11_644_473_600
"""Seconds from 1601, where Windows begins to count, to 1970."""

_TOKEN_SECONDS = 300
"""How long a token is good for."""

_NAME = re.compile(r"(?P<language>[a-z]{2,3})-(?P<region>[A-Z][A-Za-z]+(?:-[A-Za-z]+)?)-(?P<name>[A-Za-z]+Neural)")

Token: TypeAlias = tuple[str, str]
"""The token that opens a connection, and its version."""


class ProtocolError(ValueError):
    """The service said something that its protocol does not have."""


@dataclass(frozen=True, slots=True)
class Prosody:
    """How a voice speaks, as SSML has it."""

    rate: str = "+0%"
    pitch: str = "+0Hz"
    volume: str = "+0%"

    def wrong(self) -> str:
        """The name of the first part that is not of its form; empty if all are."""
        forms = {"rate": r"[+-]\d{1,3}%", "pitch": r"[+-]\d{1,3}Hz", "volume": r"[+-]\d{1,3}%"}
        return next((name for name, form in forms.items() if not re.fullmatch(form, getattr(self, name))), "")


def language_of_voice(name: str) -> str:
    """The BCP 47 tag in a voice's name, empty if it is no such name: `zh-CN-XiaoxiaoNeural` is `zh-CN`."""
    found = _NAME.fullmatch(name)
    return f"{found['language']}-{found['region'].partition('-')[0]}" if found else ""


def token(now: float) -> Token:
    """The token for this time, in seconds since 1970: its first kind, which is a plain digest."""
    seconds = int(now) + _EPOCH
    ticks = (seconds - seconds % _TOKEN_SECONDS) * TICKS
    return hashlib.sha256(f"{ticks}{CLIENT_TOKEN}".encode()).hexdigest().upper(), f"1-{BROWSER}"


def library_token() -> Callable[[float], Token] | None:
    """How edge-tts makes tokens, if that is installed; slow to import.

    Since 2026 browsers send a second kind, whose digest starts from a secret. We leave it to the library, which
    follows when it changes, and whose licence is not ours.
    """
    try:
        from edge_tts.constants import SEC_MS_GEC_VERSION
        from edge_tts.drm import generate_sec_ms_gec_v2
    except ImportError:
        return None
    return lambda now: (str(generate_sec_ms_gec_v2(now)), str(SEC_MS_GEC_VERSION))


def address(url: str, opened_by: Token) -> str:
    """Where a connection is opened."""
    query = {
        "TrustedClientToken": CLIENT_TOKEN,
        "ConnectionId": secrets.token_hex(16),
        "Sec-MS-GEC": opened_by[0],
        "Sec-MS-GEC-Version": opened_by[1],
    }
    return f"{url}?{urlencode(query)}"


def headers() -> dict[str, str]:
    """What a connection is opened with: nothing in them tells one visitor from another."""
    return {**HEADERS, "Cookie": f"muid={secrets.token_hex(16).upper()};"}


def server_time(date: str) -> float | None:
    """Seconds since 1970 of a `Date` header; None if it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def configuration() -> str:
    """The first message: what is wanted."""
    metadata = {"sentenceBoundaryEnabled": "false", "wordBoundaryEnabled": "true"}
    wanted = {"context": {"synthesis": {"audio": {"metadataoptions": metadata, "outputFormat": OUTPUT_FORMAT}}}}
    body = json.dumps(wanted, separators=(",", ":"))
    head = f"X-Timestamp:{_timestamp()}\r\nContent-Type:application/json; charset=utf-8\r\nPath:speech.config"
    return f"{head}\r\n\r\n{body}\r\n"


def request(voice: str, text: str, prosody: Prosody) -> str:
    """The second message: what is to be said."""
    found = _NAME.fullmatch(voice)
    if found is None:
        raise ValueError("not a voice's name")
    full = f"Microsoft Server Speech Text to Speech Voice ({found['language']}-{found['region']}, {found['name']})"
    ssml = (
        "<speak version='1.0' xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='en-US'>"
        f"<voice name='{full}'>"
        f"<prosody pitch='{prosody.pitch}' rate='{prosody.rate}' volume='{prosody.volume}'>"
        f"{escape(_speakable(text))}</prosody></voice></speak>"
    )
    head = f"X-RequestId:{secrets.token_hex(16)}\r\nContent-Type:application/ssml+xml\r\n"
    # The service is used to a Z that is wrong there.
    return f"{head}X-Timestamp:{_timestamp()}Z\r\nPath:ssml\r\n\r\n{ssml}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one of its messages says."""

    kind: Literal["sound", "words", "end", "other"]
    sound: bytes = b""
    words: tuple[SpokenWord, ...] = ()


def answer(message: str | bytes) -> Answer:
    """Take a message apart. Raises `ProtocolError`."""
    if isinstance(message, bytes):
        return _sound(message)
    head, _, body = message.partition("\r\n\r\n")
    path = _headers(head).get("path", "")
    if path == "audio.metadata":
        return Answer("words", words=tuple(_words(body)))
    if path == "turn.end":
        return Answer("end")
    if path in ("turn.start", "response"):
        return Answer("other")
    raise ProtocolError("an unknown kind of message")


def _sound(message: bytes) -> Answer:
    length = int.from_bytes(message[:2], "big")
    if len(message) < 2 + length or not length:
        raise ProtocolError("a message without its headers")
    found = _headers(message[2 : 2 + length].decode("latin-1"))
    sound = message[2 + length :]
    if found.get("path") != "audio":
        raise ProtocolError("an unknown kind of message")
    # The last one has neither sound nor its type.
    if sound and found.get("content-type") != "audio/mpeg":
        raise ProtocolError("sound of another type")
    return Answer("sound", sound=sound)


def _headers(head: str) -> dict[str, str]:
    lines = (line.partition(":") for line in head.split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _words(body: str) -> Iterator[SpokenWord]:
    try:
        for entry in json.loads(body)["Metadata"]:
            if entry["Type"] == "WordBoundary":
                data: Any = entry["Data"]
                yield SpokenWord(max(0, int(data["Offset"])) / TICKS, unescape(str(data["text"]["Text"])))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ProtocolError("words that cannot be read") from error


def _speakable(text: str) -> str:
    """What XML cannot hold becomes a space, so that every other character stays in its place."""
    return "".join(
        character if character in "\t\n" or (character >= " " and character not in "\ufffe\uffff") else " "
        for character in text
    )


def _timestamp() -> str:
    return time.strftime("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)", time.gmtime())
