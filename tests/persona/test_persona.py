from pathlib import Path

import pytest

from visavis.errors import InvalidInput, NotFound
from visavis.persona import MAX_BYTES, STOCK, Persona, Personas, PersonaVoice
from visavis.settings import Settings

WHOLE = """
name = "Ada"
prompt = "You are Ada."
greeting = "Good day."
avatar = "ada"
model = "mock"
language = "de"
knowledge = ["museum", "visavis"]
tools = ["clock"]

[voice]
provider = "espeak"
name = "de"
"""


def personas(data_dir: Path, **files: str) -> Personas:
    (data_dir / "personas").mkdir()
    for name, text in files.items():
        (data_dir / "personas" / f"{name}.toml").write_text(text, "utf-8")
    return Personas(Settings(data_dir=data_dir))


def test_given_a_file_when_read_then_every_field_is_there(tmp_path: Path) -> None:
    assert personas(tmp_path, ada=WHOLE).persona("ada") == Persona(
        name="Ada",
        prompt="You are Ada.",
        greeting="Good day.",
        avatar="ada",
        model="mock",
        voice=PersonaVoice("espeak", "de"),
        language="de",
        knowledge=("museum", "visavis"),
        tools=("clock",),
    )


def test_given_a_name_alone_when_read_then_the_rest_is_left_to_the_configuration(tmp_path: Path) -> None:
    assert personas(tmp_path, ada='name = "Ada"').persona("ada") == Persona(name="Ada")


def test_given_a_directory_with_a_persona_when_asked_for_then_its_name_is_the_id(tmp_path: Path) -> None:
    found = personas(tmp_path)
    (tmp_path / "personas/店员").mkdir()
    (tmp_path / "personas/店员/persona.toml").write_text('name = "店员"', "utf-8")
    (tmp_path / "personas/empty").mkdir()
    assert found.persona("店员").name == "店员"
    assert found.ids() == ["guide", "guide-zh", "店员"]


def test_given_no_data_directory_when_asked_then_those_of_the_project_are_there_and_usable(tmp_path: Path) -> None:
    found = Personas(Settings(data_dir=tmp_path / "nowhere"))
    assert found.ids() == ["guide", "guide-zh"] == sorted(path.stem for path in STOCK.iterdir())
    made = [found.persona(persona_id) for persona_id in found.ids()]
    assert [(one.language, one.knowledge, one.avatar) for one in made] == [
        ("en", ("visavis",), "demo-avatar"),
        ("zh", ("visavis",), "demo-avatar"),
    ]
    assert all(one.greeting and one.prompt for one in made)


def test_given_an_own_persona_of_the_same_id_when_asked_for_then_it_wins(tmp_path: Path) -> None:
    assert personas(tmp_path, guide='name = "Mine"').persona("guide").name == "Mine"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "missing required field `name`"),
        ('name = " "', "name is empty"),
        ("name = 3", r"Expected `str`, got `int` - at `\$.name`"),
        ('name = "Ada"\npromt = ""', "contains unknown field `promt`"),
        ('name = "Ada"\nvoice = "de"', r"at `\$.voice`"),
        ('name = "Ada"\nvoice = {pitch = 3}', "contains unknown field `pitch`"),
        ('name = "Ada"\nknowledge = "museum"', r"at `\$.knowledge`"),
        ('name = "Ada"\navatar = "../x"', "avatar is not an id"),
        ('name = "Ada', "Unterminated string"),
        ('name = "Ada"\nname = "Eve"', "Cannot overwrite a value"),
        (f'name = "Ada"\nprompt = "{"a" * MAX_BYTES}"', "larger than 64 KiB"),
    ],
)
def test_given_a_wrong_file_when_read_then_the_error_says_what_and_not_where_it_is(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(InvalidInput, match=complaint) as error:
        personas(tmp_path, ada=text).persona("ada")
    assert error.value.message.startswith("persona 'ada': ")
    assert str(tmp_path) not in error.value.message


def test_given_a_file_that_is_no_text_when_read_then_the_error_says_so(tmp_path: Path) -> None:
    found = personas(tmp_path)
    (tmp_path / "personas/ada.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(InvalidInput, match="persona 'ada': "):
        found.persona("ada")


@pytest.mark.parametrize(
    "persona_id", ["nobody", "", "../guide", "/etc/passwd", "guide.toml", "a\0b", "a" * 5000, "店" * 128]
)
def test_given_an_id_that_is_not_there_or_can_not_be_one_when_asked_for_then_it_is_not_found(
    tmp_path: Path, persona_id: str
) -> None:
    found = personas(tmp_path)
    assert not found.knows(persona_id)
    with pytest.raises(NotFound):
        found.persona(persona_id)


@pytest.mark.parametrize("persona_id", [None, 3, ["guide"], {"id": "guide"}])
def test_given_something_that_is_no_id_at_all_when_asked_then_it_is_not_known(
    tmp_path: Path, persona_id: object
) -> None:
    assert not personas(tmp_path).knows(persona_id)
