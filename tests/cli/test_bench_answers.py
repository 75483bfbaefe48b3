import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from visavis.cli.bench.answers import Question, questions
from visavis.cli.main import main

ROOT = Path(__file__).parents[2]
SET = ROOT / "bench/answers"
WORDS = 4
"""English words, and..."""
CHARACTERS = 6
"""...Chinese characters in a row that are a phrase."""


def phrases(text: str) -> set[str]:
    """Every phrase of a text, in small letters, with single spaces."""
    words = re.findall(r"[a-z0-9'’-]+", text.lower())
    found = {" ".join(words[at : at + WORDS]) for at in range(len(words) - WORDS + 1)}
    for run in re.findall(r"[\u4e00-\u9fff]+", text):
        found |= {run[at : at + CHARACTERS] for at in range(len(run) - CHARACTERS + 1)}
    return found


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    return questions(SET)


def test_given_the_set_when_counted_then_it_is_large_enough(asked: list[Question]) -> None:
    assert len(asked) >= 60
    assert sum(not question.source for question in asked) >= 15
    assert {question.kind for question in asked} == {"plain", "paraphrase", "typo", "follow-up"}
    assert len(list((SET / "documents").iterdir())) == 3
    for chinese in (True, False):
        assert sum((not question.ask.isascii()) is chinese for question in asked) >= 20


def test_given_an_answerable_question_when_looked_up_then_its_document_holds_the_answer(
    asked: list[Question],
) -> None:
    for question in asked:
        if question.source:
            assert question.holds.lower() in (SET / "documents" / question.source).read_text("utf-8").lower()


def test_given_the_questions_when_searched_for_in_the_source_then_no_phrase_of_them_is_there(
    asked: list[Question],
) -> None:
    wanted = {phrase for question in asked for one in (question.ask, *question.after) for phrase in phrases(one)}
    files = [path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".md", ".toml", ".txt")]
    found = {path.name: wanted & phrases(path.read_text("utf-8")) for path in files}
    assert {name: some for name, some in found.items() if some} == {}


def test_given_the_development_set_when_compared_then_the_two_share_no_document_and_no_question(
    asked: list[Question],
) -> None:
    development = ROOT / "tests/knowledge/development"
    assert not {question.ask for question in asked} & {question.ask for question in questions(development)}
    names = {path.name for path in (SET / "documents").iterdir()}
    assert not names & {path.name for path in (development / "documents").iterdir()}


def test_given_a_set_when_measured_then_the_table_says_how_it_went(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents/shop.md").write_text("# Shop\n\nThe shop opens at nine.\n", "utf-8")
    (tmp_path / "questions.toml").write_text(
        "question = [\n"
        '  { ask = "When does the shop open?", source = "shop.md", holds = "nine" },\n'
        '  { ask = "Do you sell umbrellas?" },\n'
        '  { ask = "When does the shop close?", source = "shop.md", holds = "six" },\n'
        "]\n",
        "utf-8",
    )
    shown = CliRunner().invoke(main, ["bench", "answers", "--set", str(tmp_path), "--show"])
    assert shown.exit_code == 0, shown.output
    assert "1 of 1" in shown.output
    assert "wanted shop.md: six" in shown.output
    assert "stub: prompt" in shown.output
