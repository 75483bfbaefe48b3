import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from visavis.cli.main import main


def run(**environment: str) -> str:
    result = CliRunner(env=environment).invoke(main, ["doctor"])
    assert result.exit_code == 0, result.output
    return result.output


def test_it_shows_what_is_there_and_in_use() -> None:
    output = run()
    assert "* portrait" in output
    assert "* espeak" in output
    assert "demo-avatar" in output


def test_it_shows_settings_with_their_origin_and_no_secret() -> None:
    output = run(VISAVIS_PORT="9000", OPENTALKING_LLM_API_KEY="sk-very-secret")
    assert "port = 9000  (environment, VISAVIS_PORT)" in output
    assert "llm_api_key = ***  (environment, OPENTALKING_LLM_API_KEY)" in output
    assert "sk-very-secret" not in output


def test_it_says_what_a_provider_lacks() -> None:
    output = run(VISAVIS_LLM="openai")
    assert "openai" in output
    assert "not usable: " in output


def test_it_lists_personas_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas/ada.toml").write_text("nme = 'Ada'", "utf-8")
    output = run(VISAVIS_DATA_DIR=str(tmp_path))
    assert re.search(r"^  guide-zh +向导$", output, re.MULTILINE)
    assert re.search(r"^  ada +not usable: persona 'ada': .*unknown field `nme`", output, re.MULTILINE)


def test_it_shows_the_tools_that_are_enabled() -> None:
    assert "  clock" in run()
    assert "* clock" in run(VISAVIS_TOOLS="clock")


def test_it_lists_names_of_opentalking_that_mean_nothing_here_without_their_values() -> None:
    output = run(OPENTALKING_REDIS_URL="redis://secret@host", OPENTALKING_API_PORT="9001")
    assert re.search(r"not used here\n +OPENTALKING_REDIS_URL\n", output)
    assert "secret" not in output
    assert "port = 9001  (environment, OPENTALKING_API_PORT)" in output
    assert "not used here" not in run(OPENTALKING_API_PORT="9001")


@pytest.mark.parametrize("name", ["VISAVIS_ENV_FILE", "OPENTALKING_ENV_FILE"])
def test_another_env_file_can_be_named(tmp_path: Path, name: str) -> None:
    values = "OPENTALKING_FLASHTALK_MAX_QUEUE_SIZE=7\nOPENTALKING_DEFAULT_MODEL=mock\n"
    (tmp_path / "old.env").write_text(values, "utf-8")
    output = run(**{name: str(tmp_path / "old.env")})
    assert "queue_size = 7" in output
    assert "default_model = mock" in output


def test_a_wrong_setting_is_named() -> None:
    result = CliRunner(env={"VISAVIS_PORT": "none"}).invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "VISAVIS_PORT" in result.output


def test_it_shows_who_cancels_the_echo() -> None:
    assert re.search(r"^  browser +ready$", run(), re.MULTILINE)
    assert re.search(r"^  cancel +ready$", run(VISAVIS_ECHO="cancel"), re.MULTILINE)
    assert re.search(r"^  half-duplex +ready$", run(VISAVIS_ECHO="half-duplex"), re.MULTILINE)
