"""HTML and Markdown → sections. Only the standard library reads HTML: it takes what people write, too."""

import re
from html.parser import HTMLParser

from visavis.knowledge.sections import Section, SectionBuilder

_SKIPPED = frozenset(
    {"script", "style", "template", "noscript", "svg", "math", "head", "select", "textarea", "iframe"}
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "summary",
        "ul",
        "caption",
    ]
)
_FRONT_MATTER = re.compile(r"\A---\s*\n.*?\n(?:---|\.\.\.)\s*\n", re.DOTALL)


def read_markdown(text: str) -> list[Section]:
    """The sections of Markdown (CommonMark with tables); front matter is left out."""
    from markdown_it import MarkdownIt

    return read_html(MarkdownIt("commonmark").enable("table").render(_FRONT_MATTER.sub("", text)))


def read_html(text: str) -> list[Section]:
    """The sections of a page. Scripts, styles and the like are left out."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.finish()


class _Reader(HTMLParser):
    """Gathers text until something ends the line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._sections = SectionBuilder()
        self._text: list[str] = []
        self._skipping: list[str] = []
        self._rows: list[list[str]] | None = None
        self._header = False
        self._preformatted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._flush()
            self._skipping.append(tag)
        elif self._skipping:
            pass
        elif tag == "table" and self._rows is None:
            self._flush()
            self._rows, self._header = [], False
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in ("td", "th") and self._rows is not None:
            self._rows = self._rows or [[]]
            self._rows[-1].append("")
            self._header = self._header or (tag == "th" and len(self._rows) == 1)
        elif tag in _BLOCKS:
            self._flush()
            self._preformatted = tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipping:
            while self._skipping.pop() != tag:
                pass
        elif self._skipping:
            pass
        elif tag == "table" and self._rows is not None:
            self._sections.table([row for row in self._rows if any(row)], header=self._header)
            self._rows = None
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._sections.heading(int(tag[1]), "".join(self._text))
            self._text = []
        elif tag in _BLOCKS:
            self._flush()
            self._preformatted = self._preformatted and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if self._rows is None:
            self._text.append(data)
        elif self._rows and self._rows[-1]:
            self._rows[-1][-1] += data

    def finish(self) -> list[Section]:
        """Everything, also what was never closed."""
        if self._rows is not None:
            self.handle_endtag("table")
        self._flush()
        return self._sections.sections()

    def _flush(self) -> None:
        text, self._text = "".join(self._text), []
        for line in text.splitlines() if self._preformatted else [text]:
            self._sections.line(line)
