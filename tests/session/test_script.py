from visavis.session.script import WORD_DUE, Line, Script


def script(*lines: Line) -> Script:
    made = Script()
    made.lines.extend(lines)
    return made


def test_sentences_that_were_played_are_heard_whole() -> None:
    said = script(Line("One. ", 0, 1000), Line("Two.", 1000, 2000))

    assert said.text == "One. Two."
    assert said.heard(2000) == "One. Two."
    assert said.heard(1000) == "One."
    assert said.heard(0) == ""


def test_a_sentence_is_cut_before_the_first_word_that_was_not_heard() -> None:
    line = Line("Good morning, dear friends.", 0, 90_000, [(0, 0), (20_000, 5), (50_000, 14), (70_000, 19)])

    assert script(line).heard(20_000 + WORD_DUE) == "Good morning,"
    assert script(line).heard(20_000) == "Good"
    assert script(line).heard(89_999) == "Good morning, dear friends."


def test_without_word_times_the_cut_is_proportional_and_between_words() -> None:
    line = Line("Good morning, dear friends.", 0, 27_000)

    assert script(line).heard(15_000) == "Good morning,"


def test_of_a_sentence_the_voice_is_still_at_only_known_words_count() -> None:
    assert script(Line("Good morning.", 0)).heard(5000) == ""
    assert script(Line("Good morning.", 0, None, [(0, 0), (9000, 5)])).heard(5000) == "Good"


def test_text_without_spaces_is_cut_by_the_character() -> None:
    assert script(Line("你好世界", 0, 4000)).heard(2000) == "你好"
