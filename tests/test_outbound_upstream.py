"""What a message may say of somebody else's error."""

import json
from typing import Any

import pytest

from tests.test_outbound import LOCAL, http, reaching, serving
from visavis.outbound import HandshakeRefused, WebSocketClosed, upstream
from visavis.outbound.upstream import MAX_REASON, Upstream, parsed, short_reason


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("The model is busy.", "The model is busy."),
        ({"error": "The model is busy."}, "The model is busy."),
        ({"error": {"message": "No such voice: 'bob'", "type": "x"}}, "No such voice: 'bob'"),
        ({"detail": "Not Found"}, "Not Found"),
        ({"message": "two\n lines\t\x1b[31m"}, "two lines [31m"),
        ({"error": {"code": 5}}, ""),
        ({"detail": [{"msg": "field required"}]}, ""),
        ({}, ""),
        (None, ""),
        ([1], ""),
    ],
)
def test_given_an_error_when_told_then_its_reason_is_found_in_the_usual_places(told: Any, reason: str) -> None:
    assert short_reason(told) == reason


@pytest.mark.parametrize(
    "private",
    [
        "http://inner.test:8011/v1", "postgres://u:p@db/x", "www.inner.test", "127.0.0.1", "10.0.0.7:8011",
        "[::1]:80", "speech:8011", "localhost:11434", "/srv/models/qwen", "~/models/qwen", "../models/qwen", 
        "C:\\models\\qwen", "sk-proj-abcdef", "Bearer abc", "0123456789abcdef0123456789abcdef", "Hello my friend",
    ],
)  # fmt: skip
def test_given_what_is_private_when_told_then_it_is_not_repeated(private: str) -> None:
    assert short_reason(f"it failed at {private} again", hide=["", "Hello my friend"]) == "it failed at … again"


def test_given_a_long_reason_when_told_then_it_is_cut() -> None:
    assert len(short_reason("word " * 1_000_000)) == MAX_REASON


def test_given_json_that_is_nested_without_end_when_parsed_then_it_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="deep"):
        parsed("[" * 500_000)
    assert parsed(json.dumps({"a": 1})) == {"a": 1}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (http('{"error": "The model is busy."}', "503 Busy"), ": The model is busy."),
        (http("<html>a page</html>", "503 Busy"), ""),
        (http('{"error": "' + "x" * 20_000 + '"}', "503 Busy"), ""),
        (b'HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\n{"error": "not all', ""),
    ],
)
async def test_given_an_error_status_when_its_reason_is_read_then_only_a_short_and_prompt_one_is_told(
    answer: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not reason:
        monkeypatch.setattr(upstream, "ERROR_SECONDS", 0.05)
    async with serving(answer, keep=True) as server, reaching(f"http://{LOCAL}:{server.port}") as outbound:
        async with outbound.stream("POST", f"http://{LOCAL}:{server.port}/", json={}) as response:
            failed = await Upstream("tts", "the speech service").refused(response)
        assert failed.message == f"the speech service has failed; try again later (status 503){reason}"
        assert failed.stage == "tts"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (HandshakeRefused(401, {}, {"error": "the key k3y"}), "refused the key; check its key (status 401)"),
        (HandshakeRefused(429, {}, {"error": "slow down"}), "try again later (status 429): slow down"),
        (HandshakeRefused(500, {}, None), "has failed; try again later (status 500)"),
        (HandshakeRefused(302, {}, None), "answered with something else; check its address (status 302)"),
        (WebSocketClosed(1011, "no such voice: k3y"), "broke off in the middle of the answer: no such voice: …"),
        (WebSocketClosed(1005), "broke off in the middle of the answer"),
    ],
)
def test_given_a_websocket_that_ends_when_told_then_its_reason_is_said_and_no_more(error: Any, words: str) -> None:
    message = Upstream("tts", "the service").lost(error, hide=["k3y"]).message
    assert message.endswith(words)
    assert "k3y" not in message
