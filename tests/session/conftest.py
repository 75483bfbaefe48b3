import pytest

from visavis.speech_text.normal import prepare


@pytest.fixture(scope="session", autouse=True)
def prepared_languages() -> None:
    """A turn prepares its language in a thread, which a clock that is advanced by hand would run ahead of."""
    for language in ("en", "de"):
        prepare(language)
