"""What the model is told of the conversation so far: only what was heard."""

from collections.abc import Sequence

from visavis.llm import Message

TURNS = 20
"""Turns that are kept (as the contract's servers do, opentalking 5)."""


class History:
    """A session's system prompt and its latest turns."""

    def __init__(self, system_prompt: str, earlier: Sequence[Message] = ()) -> None:
        """`earlier` is a conversation that goes on here."""
        self.system_prompt = system_prompt
        self._original = system_prompt
        self._turns: list[tuple[Message, ...]] = []
        self._turns += [(message,) for message in earlier[-2 * TURNS :]]

    def customise(self, system_prompt: str) -> None:
        """Take another system prompt for what follows; empty for the one it began with."""
        self.system_prompt = system_prompt or self._original

    def add(self, asked: str, heard: str) -> None:
        """Remember a turn: what the user asked, if anything, and how much of the answer was heard."""
        turn = [Message("user", asked)] if asked else []
        if heard:
            turn.append(Message("assistant", heard))
        self._turns = [*self._turns, tuple(turn)][-TURNS:]

    @property
    def questions(self) -> list[str]:
        """What the user has asked so far, oldest first."""
        return [message.content for turn in self._turns for message in turn if message.role == "user"]

    def messages(self, prompt: str) -> list[Message]:
        """What to send to the model so that it answers `prompt`."""
        past = [message for turn in self._turns for message in turn]
        return [Message("system", self.system_prompt), *past, Message("user", prompt)]
