"""Says back what it was told: for tests, and until a chat model is configured."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

from visavis.knowledge import Passage
from visavis.llm import Delta, Message, TextDelta, Tool
from visavis.settings import Settings

_CHINESE = re.compile(r"[\u4e00-\u9fff]")


class EchoProvider:
    """Needs nothing, sends nothing anywhere."""

    name = "echo"

    def __init__(self, settings: Settings) -> None:
        pass

    def missing(self) -> str | None:
        """See `Provider`."""
        return None

    def model(self, name: str = "") -> "EchoModel":
        """See `ChatProvider`; there is one model."""
        return EchoModel()


class EchoModel:
    """Answers `You said: …`, word by word."""

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        """See `ChatModel`. Tools are never called, passages never read."""
        said = next((message.content for message in reversed(messages) if message.role == "user"), "")
        opening = "你说：" if _CHINESE.search(said) else "You said: "
        for word in re.findall(r"\s*\S+|\s+$", opening + said):
            yield TextDelta(word)
            await asyncio.sleep(0)
