from pathlib import Path

from click.testing import CliRunner, Result

from visavis.cli.main import main


def run(data_dir: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["knowledge", *arguments, "--data-dir", str(data_dir)])


def write(directory: Path, name: str, text: str) -> str:
    path = directory / name
    path.write_text(text, "utf-8")
    return str(path)


def test_given_a_document_when_added_then_it_is_listed_answers_and_can_be_removed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    hours = write(tmp_path, "hours.md", "# Shop\n\nThe shop opens at nine.\n")
    added = run(data, "add", hours)
    assert added.exit_code == 0, added.output
    assert added.output == "1  hours.md  (1 passages)\n"
    assert "1  default  hours.md" in run(data, "list").output
    asked = run(data, "ask", "When does the shop open?")
    assert asked.output.startswith("According to hours.md, the shop opens at nine.\n")
    assert "hours.md  Shop: The shop opens at nine." in asked.output
    assert run(data, "remove", "1").exit_code == 0
    assert "No documents yet" in run(data, "list").output


def test_given_collections_when_asked_then_only_those_answer(tmp_path: Path) -> None:
    data = tmp_path / "data"
    run(data, "add", write(tmp_path, "a.txt", "The tower is open at nine."), "--collection", "tower")
    run(data, "add", write(tmp_path, "b.txt", "The mill is open at ten."))
    assert "b.txt" not in run(data, "list", "--collection", "tower").output
    assert "nine" in run(data, "ask", "When is the tower open?", "--collection", "tower").output
    assert "sorry" in run(data, "ask", "When is the mill open?", "--collection", "tower").output


def test_given_one_file_that_cannot_be_read_when_added_then_the_others_are_and_the_reason_is_said(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    good, bad = write(tmp_path, "good.txt", "Hello there."), write(tmp_path, "bad.pdf", "no pdf")
    added = run(data, "add", bad, good)
    assert added.exit_code == 1
    assert "bad.pdf: the PDF is damaged" in added.output
    assert "1 of 2 files" in added.output
    assert "good.txt" in run(data, "list").output


def test_given_nothing_of_that_id_when_removed_then_it_says_where_to_look(tmp_path: Path) -> None:
    removed = run(tmp_path, "remove", "7")
    assert removed.exit_code == 1
    assert "visavis knowledge list" in removed.output


def test_given_no_documents_when_asked_then_visavis_explains_itself(tmp_path: Path) -> None:
    assert "About Visavis" in run(tmp_path, "ask", "What is Visavis?").output
