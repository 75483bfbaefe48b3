"""`visavis bench answers`: how true the answers are, over documents that the answerer was not built with."""

import asyncio
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from visavis.cli.bench.figures import Measure, Report, Target
from visavis.cli.bench.machine import describe
from visavis.cli.bench.prompted import prompted
from visavis.knowledge import KnowledgeBase, Passage
from visavis.knowledge.base import SqliteKnowledgeBase
from visavis.knowledge.library import Library
from visavis.llm import ChatModel, Message, TextDelta
from visavis.registry import provider
from visavis.settings import Settings

KINDS = ("plain", "paraphrase", "typo", "follow-up")

TARGETS = {"source hit": 80.0, "refused": 80.0}
"""Per cent, at least."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the set."""

    ask: str
    source: str = ""
    """The document that tells; empty if none does."""
    holds: str = ""
    """What a right answer contains."""
    kind: str = "plain"
    after: tuple[str, ...] = ()
    """What was asked before it in the same conversation."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question."""

    question: Question
    answer: str
    passages: Sequence[Passage] = field(repr=False)
    searching: float
    answering: float
    """ms; until the last sentence."""

    @property
    def cites(self) -> bool:
        """Whether the right document is named."""
        return bool(self.question.source) and self.question.source in self.answer

    @property
    def holds(self) -> bool:
        """Whether what is asked for is in the answer."""
        return self.cites and self.question.holds.casefold() in self.answer.casefold()

    @property
    def refused(self) -> bool:
        """Whether no document is named."""
        return not any(passage.source in self.answer for passage in self.passages)


@click.command()
@click.option(
    "--set",
    "directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default="bench/answers",
    show_default=True,
    help="A directory with questions.toml and documents/.",
)
@click.option("--show", is_flag=True, help="Show every answer that is not as it should be.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here."
)
def answers(directory: Path, show: bool, json_file: Path | None) -> None:
    """How many questions are answered from the right document, and how many that none tells are refused."""
    outcomes, more = asyncio.run(_measure(directory))
    if show:
        for outcome in outcomes:
            _show(outcome)
    report = summary(outcomes, describe("the embedded answerer"), more)
    if json_file is not None:
        report.write(json_file)
    click.echo(report.table())


async def _measure(directory: Path) -> tuple[list[Outcome], list[Measure]]:
    outcomes = await ask_all(directory)
    return outcomes, await prompted([(o.question.ask, o.question.source, o.passages) for o in outcomes])


def questions(directory: Path) -> list[Question]:
    """The set's questions."""
    entries = tomllib.loads((directory / "questions.toml").read_text("utf-8"))["question"]
    return [_question(entry) for entry in entries]


async def ask_all(directory: Path) -> list[Outcome]:
    """Ask every question of a set, each in a conversation of its own."""
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as temporary:
        settings = Settings(data_dir=Path(temporary))
        with Library(settings) as library:
            for file in sorted((directory / "documents").iterdir()):
                library.add(file.name, file.read_bytes())
        knowledge = SqliteKnowledgeBase(settings)
        model: ChatModel = provider("llm", "documents", settings).model()
        try:
            return [await ask(knowledge, model, question) for question in questions(directory)]
        finally:
            await knowledge.aclose()


async def ask(knowledge: KnowledgeBase, model: ChatModel, question: Question) -> Outcome:
    """Lead the conversation up to a question, and see what comes of it."""
    messages: list[Message] = []
    earlier: list[str] = []
    for prompt in (*question.after, question.ask):
        messages.append(Message("user", prompt))
        began = time.perf_counter()
        passages = await knowledge.passages(prompt, 5, earlier)
        found = time.perf_counter()
        deltas = [delta async for delta in model.answer(messages, (), passages)]
        ended = time.perf_counter()
        answer = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
        messages.append(Message("assistant", answer))
        earlier.append(prompt)
    return Outcome(question, answer, passages, (found - began) * 1000, (ended - found) * 1000)


def summary(outcomes: Sequence[Outcome], machine: dict[str, Any], more: Sequence[Measure] = ()) -> Report:
    """The figures, and `more` of them; a share is that of the questions, in per cent."""
    told = [outcome for outcome in outcomes if outcome.question.source]
    untold = [outcome for outcome in outcomes if not outcome.question.source]
    shares = {
        "source hit": ("answerable questions whose answer cites the right document", [o.cites for o in told]),
        "fact in answer": ("… and contains what was asked for", [o.holds for o in told]),
        "right document found": (
            "… the first passage is of the right document",
            [bool(o.passages) and o.passages[0].source == o.question.source for o in told],
        ),
        "refused": ("unanswerable questions that are refused", [o.refused for o in untold]),
    }
    for kind in KINDS:
        shares[f"source hit, {kind}"] = (kind, [o.cites for o in told if o.question.kind == kind])
    for name, chinese in (("en", False), ("zh", True)):
        shares[f"source hit, {name}"] = (name, [o.cites for o in told if _is_chinese(o) == chinese])
        shares[f"refused, {name}"] = (name, [o.refused for o in untold if _is_chinese(o) == chinese])
    measures = [
        Measure(name, f"{span}; {sum(values)} of {len(values)}", "%", [_share(values)], _targets(name))
        for name, (span, values) in shares.items()
        if values
    ]
    times = {
        "search": ("question → passages", [o.searching for o in outcomes]),
        "answer": ("passages → last sentence", [o.answering for o in outcomes]),
    }
    measures += [Measure(name, span, "ms", values) for name, (span, values) in times.items()]
    return Report("answers", machine, [*measures, *more])


def _targets(name: str) -> tuple[Target, ...]:
    return (Target("max", TARGETS[name], at_least=True),) if name in TARGETS else ()


def _share(values: Sequence[bool]) -> float:
    return 100 * sum(values) / len(values)


def _is_chinese(outcome: Outcome) -> bool:
    return not outcome.question.ask.isascii()


def _question(entry: dict[str, Any]) -> Question:
    return Question(**(entry | {"after": tuple(entry.get("after", ()))}))


def _show(outcome: Outcome) -> None:
    question = outcome.question
    if outcome.holds if question.source else outcome.refused:
        return
    wanted = f"{question.source}: {question.holds}" if question.source else "refusal"
    click.echo(f"- {' / '.join((*question.after, question.ask))}\n  wanted {wanted}\n  answer {outcome.answer}")
