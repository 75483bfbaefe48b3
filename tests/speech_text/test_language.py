import pytest

from visavis.speech_text.language import language_of, writes_latin


@pytest.mark.parametrize(
    ("sentence", "language"),
    [
        ("Hello there.", "en"), ("你好。", "zh"), ("ㄅㄆㄇ", "zh"), ("用Python写代码。", "zh"),
        ("The word 你好 means hello.", "en"), ("こんにちは世界。", "ja"), ("東京タワー", "ja"),
        ("안녕하세요 OK", "ko"),
        ("Привет, мир.", "ru"), ("مرحبا بالعالم", "ar"), ("नमस्ते", "hi"), ("Γεια σου", "el"), ("สวัสดี", "th"),
        ("שלום", "he"), ("123 + 4", "en"), ("", "en"), ("Größe, naïve, phở", "en"),
    ],
)  # fmt: skip
def test_given_a_sentence_when_asked_then_its_script_tells_the_language(sentence: str, language: str) -> None:
    assert language_of(sentence, "en") == language


@pytest.mark.parametrize(
    ("sentence", "latin"),
    [("Bonjour", "fr-CA"), ("東京", "ja"), ("你好", "zh-TW"), ("Привіт", "uk"), ("سلام", "fa"), ("नमस्कार", "mr")],
)
def test_given_a_configured_language_when_it_uses_the_script_then_it_wins(sentence: str, latin: str) -> None:
    assert language_of(sentence, latin) == latin


@pytest.mark.parametrize(
    ("language", "latin"),
    [("en-US", True), ("de", True), ("vi", True), ("zh-CN", False), ("cmn", False), ("yue", False), ("ja", False),
     ("ko-KR", False), ("ru", False), ("ar", False), ("zh-Latn-pinyin", True), ("sr-Latn", True)],
)  # fmt: skip
def test_given_a_language_then_it_is_known_whether_it_writes_latin_letters(language: str, latin: bool) -> None:
    assert writes_latin(language) is latin
