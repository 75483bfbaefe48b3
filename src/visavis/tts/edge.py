"""Edge: the voices of Microsoft's browser when it reads a page aloud. No key, no contract, no promise.

Every sentence is sent to Microsoft. Each gets a connection of its own, its sound is decoded while it comes, and
its words are marked. `visavis.tts.edge_protocol` says what is spoken.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

from visavis.errors import InvalidInput, UpstreamFailed
from visavis.media.mp3_stream import Mp3Error, Mp3Stream
from visavis.outbound import HandshakeRefused, Outbound, OutboundFailed
from visavis.outbound.upstream import Upstream
from visavis.settings import Settings
from visavis.streams import closing
from visavis.tts import Speech, VoiceInfo
from visavis.tts.arriving import ArrivingSound
from visavis.tts.edge_protocol import (
    URL,
    Answer,
    Prosody,
    ProtocolError,
    Token,
    address,
    answer,
    configuration,
    headers,
    language_of_voice,
    library_token,
    request,
    server_time,
    token,
)
from visavis.tts.edge_voices import VOICES

SERVICE = Upstream(
    "tts",
    "Microsoft's read-aloud service",
    address="the network and VISAVIS_OPTIONS__EDGE__URL",
    key="this machine's clock, and install the extra edge, which knows newer keys",
)

TRIES = 3
"""Connections for one sentence; a new one only as long as nothing has been heard."""

TIMEOUT = 15.0
"""Seconds without a message of the service, which usually answers within half a second."""

TOTAL = 180.0
"""Seconds for one sentence."""

MAX_BYTES = 8 * 1024 * 1024
"""Sound of one sentence: 22 min."""


class EdgeProvider:
    """Settings: `edge`, `edge_voice`. Options (`VISAVIS_OPTIONS__EDGE__…`).

    `URL` of the service; `RATE`, `+0%`; `PITCH`, `+0Hz`; `VOLUME`, `+0%`.
    """

    name = "edge"

    def __init__(self, settings: Settings) -> None:
        self._url: str = settings.option("edge", "url", URL)
        self._usual = settings.edge_voice
        self._settings = settings
        self._prosody = Prosody(
            settings.option("edge", "rate", "+0%"),
            settings.option("edge", "pitch", "+0Hz"),
            settings.option("edge", "volume", "+0%"),
        )
        self._outbound: Outbound | None = None
        self._doorman = Doorman()

    def missing(self) -> str | None:
        """See `Provider`."""
        if not self._settings.edge and self._settings.tts != self.name:
            return "it sends text to Microsoft: set VISAVIS_EDGE=true if that is wanted"
        if not self._url.startswith(("wss://", "ws://")):
            return "VISAVIS_OPTIONS__EDGE__URL has to begin with wss:// or ws://"
        if wrong := self._prosody.wrong():
            return f"VISAVIS_OPTIONS__EDGE__{wrong.upper()} has to be like {getattr(Prosody(), wrong)}"
        if self._usual and not language_of_voice(self._usual):
            return "VISAVIS_EDGE_VOICE has to be like zh-CN-XiaoxiaoNeural"
        return None

    def voices(self) -> Sequence[VoiceInfo]:
        """The best known ones; any other can be asked for by its name."""
        return [_info(name) for name in VOICES]

    def voice(self, name: str, language: str, model: str = "") -> "EdgeVoice":
        """See `VoiceProvider`. Any name of the service's form is taken."""
        if missing := self.missing():
            raise InvalidInput(missing)
        name = name or self._for_language(language)
        if not language_of_voice(name):
            raise InvalidInput(f"edge has no voice {name[:80]!r}: its names are like zh-CN-XiaoxiaoNeural")
        if self._outbound is None:
            self._outbound = Outbound.for_configured(self._settings, self._url)
        return EdgeVoice(_info(name), self._outbound, self._url, self._doorman, self._prosody)

    async def aclose(self) -> None:
        """See `Provider`; every connection is a sentence's own."""

    def _for_language(self, language: str) -> str:
        language = {"cmn": "zh-CN", "yue": "zh-HK"}.get(language.lower().split("-")[0], language)
        names = [*([self._usual] if self._usual else []), *VOICES]
        for wanted in (language.lower(), language.lower().split("-")[0]):
            for name in names:
                spoken = language_of_voice(name).lower()
                if wanted in (spoken, spoken.split("-")[0] if "-" not in wanted else spoken):
                    return name
        raise InvalidInput(f"edge has no voice for {language!r} that is known here; ask for one by its name")


class Doorman:
    """Makes the tokens that open connections, by the service's clock."""

    def __init__(self) -> None:
        self._make: Callable[[float], Token] | None = None
        self._ahead = 0.0
        """Seconds that the service's clock is ahead of ours."""

    async def token(self) -> Token:
        """For now."""
        if self._make is None:
            self._make = await asyncio.to_thread(library_token) or token
        return self._make(time.time() + self._ahead)

    def refused(self, refusal: HandshakeRefused) -> bool:
        """Learn the service's time from what it says when it refuses; whether that may help."""
        theirs = server_time(refusal.headers.get("date", ""))
        if refusal.status != 403 or theirs is None:
            return False
        self._ahead = theirs - time.time()
        return True


class EdgeVoice:
    """A `Voice`; shared freely."""

    def __init__(
        self,
        info: VoiceInfo,
        outbound: Outbound,
        url: str,
        doorman: Doorman,
        prosody: Prosody,
        timeout: float = TIMEOUT,
    ) -> None:
        """`timeout` is in seconds between messages."""
        self.info = info
        self._outbound = outbound
        self._url = url
        self._doorman = doorman
        self._prosody = prosody
        self._timeout = timeout

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. What has come of a sentence that is cut is said before the error is raised."""
        if not any(character.isalnum() for character in text):
            return
        for attempt in range(1, TRIES + 1):
            sound = ArrivingSound(Mp3Stream(), text)
            failure: UpstreamFailed | None = SERVICE.failed("sent no sound")
            cause: Exception | None = None
            again = True
            try:
                async with closing(self._answers(text)) as answers:
                    async for said in answers:
                        for word in said.words:
                            sound.word(word)
                        async for speech in sound.push(said.sound):
                            yield speech
                for speech in sound.finish():
                    yield speech
            except OutboundFailed as error:
                failure, cause, again = SERVICE.lost(error, hide=[text]), error, self._worth_another(error)
            except ProtocolError as error:
                failure, cause = SERVICE.rubbish(), error
            except Mp3Error as error:
                if sound.heard or not str(error).startswith("it ends"):
                    failure, cause = SERVICE.failed("sent what can't be used", str(error)), error
            else:
                if sound.heard:
                    failure = None
            for speech in sound.flush():
                yield speech
            if failure is None:
                return
            if sound.heard or not again or attempt == TRIES:
                raise failure from cause

    async def _answers(self, text: str) -> AsyncIterator[Answer]:
        """One connection: sound and words of the whole sentence. Raises `OutboundFailed`, `ProtocolError`."""
        left = MAX_BYTES
        url = address(self._url, await self._doorman.token())
        async with self._outbound.websocket(url, headers=headers(), timeout=self._timeout, total=TOTAL) as socket:
            await socket.send(configuration())
            await socket.send(request(self.info.name, text, self._prosody))
            while (said := answer(await socket.receive())).kind != "end":
                left -= len(said.sound)
                if left < 0:
                    raise OutboundFailed("too_large", "the sound is too long")
                yield said

    def _worth_another(self, error: OutboundFailed) -> bool:
        if isinstance(error, HandshakeRefused):
            return error.status >= 500 or self._doorman.refused(error)
        return error.reason in ("unreachable", "timeout", "broken")


def _info(name: str) -> VoiceInfo:
    language = language_of_voice(name)
    said = name.rpartition("-")[2].removesuffix("Neural").removesuffix("Multilingual")
    return VoiceInfo("edge", name, language, f"{said} ({language})", VOICES.get(name, ""))
