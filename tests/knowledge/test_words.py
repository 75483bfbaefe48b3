import pytest

from visavis.knowledge.features import features, wanted
from visavis.knowledge.spelling import distance, familiar, nearest
from visavis.knowledge.words import stem, word_set, words


@pytest.mark.parametrize(
    "forms",
    [("library", "libraries"), ("opened", "opening"), ("child", "children"), ("dvd", "dvds"), ("pay", "paid")],
)
def test_given_forms_of_a_word_when_stemmed_then_they_are_one(forms: tuple[str, str]) -> None:
    assert stem(forms[0]) == stem(forms[1])


def test_given_english_when_read_then_case_accents_and_possessives_do_not_matter() -> None:
    assert words("The museum’s CAFÉ, Wi-Fi & e-mail: 9:30") == [
        "the",
        "museum",
        "cafe",
        "wifi",
        "email",
        "9",
        "30",
    ]


def test_given_chinese_when_read_then_characters_and_their_pairs_are_words() -> None:
    assert words("开放，3楼") == ["开", "放", "开放", "3", "楼"]


def test_given_two_ways_to_write_a_weekday_when_read_then_they_are_one() -> None:
    assert word_set("星期一闭馆") == word_set("周一闭馆")


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("Adults pay 9 euros.", "#money"),
        ("成人票20元", "#money"),
        ("It opens at half past nine.", "#time"),
        ("每周二闭馆", "#time"),
        ("Call +46 8 555 01 99.", "#phone"),
        ("Write to us@shop.example.", "#mail"),
        ("The deep end is 3.8 metres deep.", "#measure"),
    ],
)
def test_given_a_sentence_when_looked_at_then_what_it_tells_is_seen(text: str, feature: str) -> None:
    assert feature in features(text)


@pytest.mark.parametrize(
    ("question", "feature"),
    [
        ("how much does it cost?", "#money"),
        ("when do you close?", "#time"),
        ("几点开门？", "#time"),
        ("how many rooms are there?", "#number"),
        ("where are you?", "#place"),
        ("how deep is the pool?", "#measure"),
    ],
)
def test_given_a_question_when_looked_at_then_what_it_wants_is_seen(question: str, feature: str) -> None:
    assert feature in wanted(question)


def test_given_numbers_when_read_then_what_they_count_is_a_word() -> None:
    assert "#number:book" in word_set("You may borrow twelve books.")
    assert "#number:book" not in word_set("Books are kept for three weeks.")


def test_given_two_words_when_compared_then_swapped_neighbours_are_one_slip() -> None:
    assert [distance("tram", word) for word in ("tram", "tarm", "tra", "team", "station")] == [0, 1, 1, 1, 6]


@pytest.mark.parametrize(
    ("word", "candidates", "found"),
    [
        ("brekfast", ["breakfast", "dinner"], "breakfast"),
        ("deap", ["deep"], "deep"),
        ("team", ["tram"], None),
        ("beach", ["each"], None),
        ("receipt", ["reception"], None),
    ],
)
def test_given_a_word_when_corrected_then_only_a_likely_slip_is(
    word: str, candidates: list[str], found: str
) -> None:
    assert nearest(word, candidates, lambda _: 1) == found


def test_given_a_misspelt_question_word_when_corrected_then_it_is_known_without_documents() -> None:
    assert familiar("whcih") == "which"
    assert familiar("which") is None
