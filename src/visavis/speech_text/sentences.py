"""Cuts a stream of text into sentences as soon as each is certain."""

import re
import unicodedata

from visavis.speech_text.scripts import BOPOMOFO, HAN, HANGUL, KANA

MAX_CHARS = 300
"""The longest piece, in characters: what a voice is given at once."""

_WIDE = "。！？；…｡۔؟।"
"""Marks that end a sentence by themselves; `. ! ?` need a space or a CJK character beside them."""

_CLOSING = "\"'”’»›)）]］】」』》〉}*_`~"
"""Belong to the sentence whose mark they follow; the last four are Markdown's."""

_END = re.compile(rf"\n|[.!?{_WIDE}]+")
_CJK = re.compile(f"[{HAN}{KANA}{HANGUL}{BOPOMOFO}「『《（“【]")

_TITLES = "adm capt col dr gen gov hon messrs mlle mme mr mrs ms prof rev sen sgt sra st"
_OTHERS = "approx bros bzw ca cf dept evtl ggf inkl lt mt vgl viz vs"
_ABBREVIATIONS = frozenset((*_TITLES.split(), *_OTHERS.split()))
"""A full stop after these is not the end of a sentence (lower case)."""

_ENDINGS = frozenset({"al", "ave", "blvd", "co", "corp", "ecc", "etc", "inc", "jr", "ltd", "rd", "sr", "usw"})
"""A full stop after these, or after single letters, ends a sentence if the next word often begins one."""

_ENGLISH = """
A After All Also Although An And Another Are As At Because Before Both But By Can Could Did Do Does Each Every
First For From Had Has Have He Her Here His How However I If In Is It Its Just Let Many Maybe Most My Next No Not
Now On Once One Only Or Other Our Perhaps Please She Should Since So Some Still Such That The Their Then There
These They This Those Though Through Thus To Today Was We Well Were What When Where Which While Who Why Will With
Would Yes Yet You Your
"""
_OTHER_LANGUAGES = """
Aber Auch Auf Bei Bis Dann Danach Der Diese Dieser Dieses Doch Dort Ein Eine Er Es Heute Ich Ihr Im Ja Jetzt Man
Mit Nach Nein Nun Oder Sie Sind Und Vielleicht Warum Was Wenn Wer Wie Wir Wo Zum Zur
Alors Après Aussi Avec C' Ce Cela Ces Cette Comme Dans Donc Elle Elles Est Et Il Ils J' Je Mais Nous Où Oui Non
Par Pour Puis Qu' Que Quand Qui Si Sur Tout Un Une Vous
Además Ahora Aquí Así Como Con Cuando Ella Ellos En Entonces Es Esta Este Esto Luego Los Pero Por Porque Pues Sí
También Una Usted Y Yo
Allora Anche Che Chi Così Dopo È Lei Loro Lui Ma Noi Perché Poi Quando Questo Questa Se Sono Una
Agora Ainda Aqui Assim Ela Ele Eles Então Eu Isso Isto Mas Não Nós Onde Os Porque Quando Também Uma Você
"""
_STARTERS = frozenset((*_ENGLISH.split(), *_OTHER_LANGUAGES.split()))
"""Words that begin sentences much more often than names: neither Du nor La, De, Van or Das."""

_NEXT = re.compile(r"[\"'“”‘«»„(\[*_]*(?P<word>[^\W\d_]+['’]?)")

_NUMBERED = frozenset(
    {"art", "ch", "eq", "ext", "fig", "figs", "no", "nos", "nr", "op", "para", "pp", "sec", "vol"}
)
"""Abbreviations only before a number: `No. 5`, but `No. I won't.`"""

_DOTTED = re.compile(r"(?:^|[^\w.'’])(?:[A-Za-zÀ-ɏͰ-ӿ]\.)*[A-Za-zÀ-ɏͰ-ӿ]$")
"""Text that ends in a single letter or in `e.g`, `U.S`, `a.m`."""

_BEFORE_MORE = re.compile(r"(?<!\w)(?:e\.g|i\.e|a\.k\.a|z\.\s?B|d\.\s?h|[uv]\.\s?a|i\.\s?d\.\s?R|p\. ?ej)$", re.I)
"""Of these, those that always have something after them."""

_TOKEN = re.compile(r"[^\W_]+$")
_CLAUSE_END = re.compile(r"[，、：]|[,;:—–](?=\s)")
_SPACE = re.compile(r"\s")

_UNDECIDED = -1
"""More of the text must be seen."""


class SentenceSplitter:
    """Takes an answer's text piece by piece and gives its sentences.

    What it gives, joined, is the text exactly, white space included: of the white space between two sentences the
    first character belongs to the one before, the rest to the one after. The sentences do not depend on how
    the text was cut into pieces. A sentence is at most `max_chars` long: if need be it is cut after a comma, a
    space, or anywhere.
    """

    def __init__(self, max_chars: int = MAX_CHARS) -> None:
        self._max = max_chars
        self._text = ""

    def push(self, delta: str) -> list[str]:
        """Take more of the text; return the sentences that are complete now."""
        self._text += delta
        return self._take(final=False)

    def finish(self) -> list[str]:
        """Return the rest; the text is at its end. Only white space can come as a piece of its own here."""
        return self._take(final=True)

    def _take(self, *, final: bool) -> list[str]:
        sentences = []
        begin = 0
        # One character beyond the longest piece is all that is ever looked at.
        while end := _end(self._text[begin : begin + self._max + 1], self._max, final=final):
            sentences.append(self._text[begin : begin + end])
            begin += end
        self._text = self._text[begin:]
        return sentences


def sentences(text: str, max_chars: int = MAX_CHARS) -> list[str]:
    """The sentences of a whole text."""
    splitter = SentenceSplitter(max_chars)
    return splitter.push(text) + splitter.finish()


def is_whole(sentence: str) -> bool:
    """Whether a piece ends as sentences do, and not in the middle."""
    return sentence.rstrip().rstrip(_CLOSING).endswith((".", "!", "?", *_WIDE))


def _end(text: str, limit: int, *, final: bool) -> int:
    """Where the first sentence of `text` ends; 0 if that cannot be known yet."""
    whole = final or len(text) > limit
    begin = len(text) - len(text.lstrip())
    for mark in _END.finditer(text, begin):
        end = _end_at(text, begin, mark)
        if end == _UNDECIDED and not whole:
            return 0
        if end == _UNDECIDED:
            break
        if end is not None and end <= limit:
            return end
    if len(text) > limit:
        return _cut(text, limit)
    return len(text) if final else 0


def _end_at(text: str, begin: int, mark: re.Match[str]) -> int | None:
    """The end of the sentence that `mark` ends, with all that belongs to it; None if it ends none."""
    if mark[0] == "\n":
        return mark.end()
    wide = any(character in _WIDE for character in mark[0])
    end = mark.end()
    while end < len(text) and text[end] in _CLOSING and not (wide and _opens(text, begin, end)):
        end += 1
    if end == len(text):
        return _UNDECIDED
    spaced = text[end].isspace()
    after_cjk = mark[0][0] != "." and _CJK.match(text, mark.start() - 1) is not None
    if not (spaced or wide or after_cjk or _CJK.match(text, end)):
        return None
    if mark[0] == ".":
        stops = _full_stop(text[begin : mark.start()], text[end:].lstrip())
        if not stops:
            return _UNDECIDED if stops is None else None
    return end + spaced


def _opens(text: str, begin: int, at: int) -> bool:
    """Whether a straight quotation mark opens a new quotation: an even number of them came before."""
    return text[at] in "\"'" and text.count(text[at], begin, at) % 2 == 0


def _full_stop(before: str, after: str) -> bool | None:
    """Whether a dot between `before` and `after` ends the sentence; None if it needs more of what comes after."""
    token = _TOKEN.search(before)
    if token is None:
        return True
    if token[0].isdigit():
        return bool(before[: token.start()].strip("#*->• \t"))  # "1. First" is one sentence
    word = token[0].lower()
    if _BEFORE_MORE.search(before):
        return False
    if _DOTTED.search(before):
        return (token[0] == "I" and not before.endswith(".I")) or _starts(after)
    if word in _ENDINGS:
        return _starts(after)
    if word in _NUMBERED:
        return not after[0].isdigit() if after else None
    return word not in _ABBREVIATIONS


def _starts(after: str) -> bool | None:
    """Whether a new sentence seems to begin; None if its first word is not there yet."""
    following = _NEXT.match(after)
    if following is None:
        return None if not after else False
    if following.end() == len(after):
        return None
    word = following["word"].replace("’", "'")
    initial = len(word) == 1 and after[following.end()] == "."
    return not initial and (word in _STARTERS or word.removesuffix("'") in _STARTERS)


def _cut(text: str, limit: int) -> int:
    """Where to cut a sentence that is too long: after a comma or space of its later two thirds, or anywhere."""
    for pattern in (_CLAUSE_END, _SPACE):
        ends = [found.end() for found in pattern.finditer(text, limit // 3, limit)]
        if ends:
            return ends[-1] + (text[ends[-1]].isspace() and ends[-1] < limit)
    end = limit
    while end > limit // 2 and _joins(text[end - 1], text[end]):
        end -= 1
    return end


def _joins(left: str, right: str) -> bool:
    """Whether two characters are parts of one that is seen: an accent, an emoji sequence."""
    return "\u200d" in (left, right) or unicodedata.category(right).startswith("M")
