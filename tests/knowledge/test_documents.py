import pytest

from tests.knowledge import files
from visavis.errors import InvalidInput, TooLarge
from visavis.knowledge import documents
from visavis.knowledge.documents import decode, read
from visavis.knowledge.pdf import MAX_PAGES
from visavis.knowledge.sections import Section


def sections(name: str, text: str | bytes) -> list[Section]:
    return list(read(name, text.encode() if isinstance(text, str) else text).sections)


def test_given_markdown_when_read_then_markup_is_gone_and_headings_stand_above_the_text() -> None:
    text = (
        "---\ntitle: x\n---\n# Shop\n\nWe *sell* `tea`, see [the list](list.md).\n\n"
        "## Hours\n\n- Monday: nine\n- Sunday: closed\n"
    )
    assert sections("shop.md", text) == [
        Section("Shop", "We sell tea, see the list."),
        Section("Shop › Hours", "Monday: nine\nSunday: closed"),
    ]


def test_given_a_table_when_read_then_each_row_reads_like_a_sentence() -> None:
    text = "| Day | Opens | Closes |\n|---|---|---|\n| Monday | 9 | 18 |\n| Sunday | closed | |\n"
    assert sections("hours.md", text) == [Section("", "Monday: Opens 9, Closes 18\nSunday: Opens closed")]


def test_given_html_when_read_then_scripts_styles_and_entities_are_no_text() -> None:
    text = (
        "<html><head><title>no</title><style>p{}</style></head><body><script>alert(1)</script>"
        "<h1>Tea &amp; cake</h1><p>Open<br>daily<p>Bring<b> cash</b></body>"
    )
    assert sections("page.html", text) == [Section("Tea & cake", "Open\ndaily\nBring cash")]


def test_given_html_that_is_never_closed_when_read_then_its_text_is_there() -> None:
    assert sections("page.htm", "<table><tr><td>Tea<td>2 euros<tr><td>Cake") == [Section("", "Tea: 2 euros\nCake")]


def test_given_html_that_names_its_encoding_when_read_then_it_is_believed() -> None:
    page = '<meta charset="gbk"><p>营业时间'.encode("gbk")
    assert sections("page.html", page) == [Section("", "营业时间")]


def test_given_wrapped_plain_text_when_read_then_lines_join_and_short_lone_lines_are_headings() -> None:
    text = (
        "Guest information\n\nMeals\n\nBreakfast is served from seven to ten in the garden room, on\n"
        "Sundays until eleven.\n- Tea\n- Coffee\n"
    )
    assert sections("guests.txt", text) == [
        Section(
            "Guest information › Meals",
            "Breakfast is served from seven to ten in the garden room, on Sundays until eleven.\n- Tea\n- Coffee",
        )
    ]


def test_given_wrapped_chinese_when_read_then_no_space_comes_between_its_lines() -> None:
    assert sections("说明.md", "滤芯每年\n更换一次。") == [Section("", "滤芯每年更换一次。")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_given_any_usual_encoding_when_decoded_then_chinese_is_right(encoding: str) -> None:
    assert decode("图书馆周一闭馆。".encode(encoding)) == "图书馆周一闭馆。"


def test_given_western_text_of_old_when_decoded_then_its_accents_are_right() -> None:
    assert decode("Das Café öffnet um neun, außer am Sonntag.".encode("cp1252")) == (
        "Das Café öffnet um neun, außer am Sonntag."
    )


def test_given_a_pdf_when_read_then_its_text_is_there() -> None:
    found = sections("rules.pdf", files.pdf("The pool opens at seven.", "Towels are free."))
    assert found == [Section("", "The pool opens at seven.\nTowels are free.")]


def test_given_a_word_document_when_read_then_headings_paragraphs_and_tables_are_there() -> None:
    assert sections("rules.docx", files.word_document()) == [
        Section(
            "House rules › Quiet hours",
            "It is quiet from ten at night to six in the morning.\nMonday: first floor",
        )
    ]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.pdf", files.encrypted_pdf("Secret."), "encrypted"),
        ("a.pdf", files.pdf("Half a file.")[:200], "damaged"),
        ("a.pdf", b"not a pdf at all", "damaged"),
        ("a.pdf", b"", "damaged"),
        ("a.pdf", files.long_pdf(1), "only pictures"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "encrypted"),
        ("a.docx", files.word_document()[:900], "damaged"),
        ("a.docx", b"PK\x03\x04 nothing", "damaged"),
        ("a.docx", files.word_bomb(65), "far too much"),
        ("a.txt", b"\x00\x01\x02", "no text file"),
        ("a.txt", b"   \n ", "no text"),
        ("a.md", b"<!-- nothing -->", "no text"),
        ("a.exe", b"MZ", "no kind"),
        ("", b"x", "no name"),
    ],
)
def test_given_what_cannot_be_read_when_read_then_the_reason_is_said(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read(name, data)


def test_given_too_many_pages_when_read_then_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.knowledge.pdf.MAX_PAGES", 3)
    assert MAX_PAGES > 3
    with pytest.raises(InvalidInput, match="more than 3 pages"):
        read("long.pdf", files.long_pdf(4))


def test_given_too_large_a_file_when_read_then_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 1024)
    with pytest.raises(TooLarge):
        read("a.txt", b"a" * 1025)


def test_given_too_much_text_when_read_then_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_CHARACTERS", 100)
    with pytest.raises(TooLarge):
        read("a.txt", b"All work and no play. " * 10)


@pytest.mark.parametrize("name", ["/etc/secret/a.txt", "C:\\Users\\me\\a.txt", "../a.txt", "a\u202e.txt"])
def test_given_a_path_when_read_then_only_the_files_name_is_kept(name: str) -> None:
    assert read(name, b"Hello.").name == "a.txt"


def test_given_a_long_name_when_read_then_it_is_cut_and_keeps_its_ending() -> None:
    assert read("x" * 500 + ".txt", b"Hello.").name == "x" * 116 + ".txt"


def test_given_a_note_of_one_line_when_read_then_it_is_text_and_no_heading() -> None:
    assert sections("note.txt", "The cloakroom is in the basement") == [
        Section("", "The cloakroom is in the basement")
    ]
