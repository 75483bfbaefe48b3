from collections.abc import Sequence

from visavis.knowledge import Lookup
from visavis.knowledge.query import understand
from visavis.knowledge.words import word_set, words


class Words:
    """The words of some passages."""

    def __init__(self, *passages: str) -> None:
        self._passages = [set(words(passage)) for passage in passages]
        self._spelt = [word for passage in passages for word in passage.lower().replace(".", "").split()]
        self.passages = len(passages)

    def frequency(self, word: str) -> int:
        return sum(word in passage for passage in self._passages)

    def similar(self, word: str) -> Sequence[str]:
        return self._spelt


LIBRARY = Words(
    "The library is open daily.",
    "The library has a museum.",
    "Books are lent for three weeks.",
    "图书馆周一闭馆。",
    "The hairdryer is in the bath.",
)


def forms(question: str, *earlier: str) -> list[set[str]]:
    return [set(wanted.forms) for wanted in understand(question, earlier, LIBRARY).asked]


def lookup(question: str, *earlier: str) -> Lookup:
    return understand(question, earlier, LIBRARY)


def test_given_a_question_when_understood_then_only_telling_words_are_left() -> None:
    assert [one for one in forms("Could you please tell me about the library?") if "librari" in one]
    assert len(forms("Could you please tell me about the library?")) == 1


def test_given_a_synonym_when_understood_then_the_documents_word_is_wanted() -> None:
    assert {"lend", "loan"} & set().union(*forms("Can I borrow books?"))


def test_given_a_misspelt_word_when_understood_then_the_documents_word_is_wanted() -> None:
    assert {"librari"} in forms("Where is the libary?")


def test_given_a_rare_and_a_frequent_word_when_weighed_then_the_rare_one_tells_more() -> None:
    weights = {next(iter(one.forms)): one.weight for one in lookup("museum library").asked}
    assert weights["museum"] > weights["librari"]


def test_given_a_word_no_document_has_when_understood_then_it_counts_as_unknown() -> None:
    assert [one.known for one in lookup("Do you sell helicopters?").asked if "helicopt" in one.forms] == [False]


def test_given_two_words_for_one_when_understood_then_they_are_joined() -> None:
    assert {"hairdryer"} in forms("Where is the hair dryer?")


def test_given_chinese_when_understood_then_pairs_between_words_do_not_count() -> None:
    assert forms("图书馆周一开吗？")[:2] == [{"图书"}, {"书馆"}]
    assert {"馆周"} not in forms("图书馆几点周一？")


def test_given_a_question_that_leans_when_understood_then_the_earlier_ones_are_its_context() -> None:
    found = lookup("And on Sundays?", "When is the library open?")
    assert any("librari" in one.forms for one in found.context)


def test_given_a_whole_question_when_understood_then_the_earlier_ones_do_not_matter() -> None:
    assert lookup("How long are books lent?", "When is the library open?").context == ()


def test_given_a_question_with_nothing_of_its_own_when_understood_then_it_asks_for_what_was_asked_before() -> None:
    assert any("librari" in one.forms for one in lookup("Tell me more", "When is the library open?").asked)


def test_given_nothing_when_understood_then_nothing_is_asked() -> None:
    assert lookup("").asked == ()
    assert lookup("?!").asked == ()


def test_given_a_count_when_asked_for_then_its_thing_has_to_be_counted() -> None:
    wanted = [one for one in lookup("How many books may I take?").asked if "#number:book" in one.forms]
    assert wanted[0].named(word_set("Take twelve books.")) == 1
    assert wanted[0].named(word_set("Books for three weeks.")) == 0


def test_given_an_endless_question_when_understood_then_only_its_beginning_is_read() -> None:
    assert len(lookup("library " * 10_000 + " ".join(f"word{number}" for number in range(1000))).asked) < 30
