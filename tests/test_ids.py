import pytest

from visavis.ids import is_slug, new_id


@pytest.mark.parametrize("value", ["demo-avatar", "a", "店长_2", "A" * 128, "店" * 85])
def test_slugs(value: str) -> None:
    assert is_slug(value)


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "a.b", "a b", "a\n", "a\0", "A" * 129, "店" * 86, "é", "%2e"]
)
def test_what_must_not_name_a_file(value: str) -> None:
    assert not is_slug(value)


def test_ids_differ() -> None:
    assert new_id() != new_id()
    assert is_slug(new_id())
