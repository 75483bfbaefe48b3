"""Services that one session uses instead of the configured providers: a recogniser, a RAG service, a voice."""

from collections.abc import Callable, Sequence

from visavis.asr import Recognizer
from visavis.asr.openai import TranscriptionEndpoint
from visavis.llm import ChatModel
from visavis.llm.rag import RagModel
from visavis.outbound import Outbound
from visavis.pool.verbs import Upstreams
from visavis.session.casting import Casting, VoiceChoice
from visavis.settings import Settings
from visavis.tts import VoiceInfo
from visavis.tts.openai import SpeechEndpoint


class Services:
    """One session's; the API that took their addresses has checked them. `aclose` ends their connections."""

    name = "services"

    def __init__(self, settings: Settings, asked: Upstreams) -> None:
        urls = [url for url in (asked.asr_url, asked.rag_url, asked.tts_url) if url]
        self._asked = asked
        self._timeout = settings.kiosk_http_timeout_seconds
        self._outbound = Outbound(settings, urls)

    def missing(self) -> str | None:
        """See `Provider`; whether they answer is seen when they are asked."""
        return None

    def recognizer(self) -> Recognizer | None:
        """The recogniser, if one was named."""
        if not self._asked.asr_url:
            return None
        return TranscriptionEndpoint(
            self._outbound, self._asked.asr_url, temperature=self._asked.temperature, timeout=self._timeout
        )

    def chat_model(self) -> ChatModel | None:
        """The RAG service, if one was named. It has its own documents."""
        return RagModel(self._outbound, self._asked.rag_url, self._timeout) if self._asked.rag_url else None

    def casting(self, voice: str, model: str, language: str) -> Casting | None:
        """The speech service, if one was named; `language` is the BCP 47 tag of what it is taken to speak."""
        if not self._asked.tts_url:
            return None
        provider = _SpeechService(self._speech(voice, model))
        return Casting(lambda name: provider, VoiceChoice(provider.name), language)

    def _speech(self, voice: str, model: str) -> Callable[[str], SpeechEndpoint]:
        def endpoint(speaks: str) -> SpeechEndpoint:
            return SpeechEndpoint(
                self._outbound,
                self._asked.tts_url,
                model=model,
                voice=voice,
                language=self._asked.tts_language,
                instructions=self._asked.tts_instructions,
                speaks=speaks,
                timeout=self._timeout,
            )

        return endpoint

    async def aclose(self) -> None:
        """Close the connections."""
        await self._outbound.aclose()


class _SpeechService:
    """A `VoiceProvider` with one voice, which says whatever language it is given."""

    name = "services"

    def __init__(self, endpoint: Callable[[str], SpeechEndpoint]) -> None:
        self._endpoint = endpoint

    def missing(self) -> str | None:
        """See `Provider`."""
        return None

    def voices(self) -> Sequence[VoiceInfo]:
        """Only the service knows."""
        return []

    def voice(self, name: str, language: str, model: str = "") -> SpeechEndpoint:
        """See `VoiceProvider`."""
        return self._endpoint(language)
