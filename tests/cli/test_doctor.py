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


def test_a_wrong_setting_is_named() -> None:
    result = CliRunner(env={"VISAVIS_PORT": "none"}).invoke(main, ["doctor"])
    assert result.exit_code == 1
    assert "port" in result.output
