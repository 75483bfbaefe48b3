"""Which services a request may name: contract kiosk 5, "SSRF with read-back"."""

from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError

from tests.api.kiosk.conftest import Kiosk
from visavis.api.kiosk.urls import FIELDS, UrlPolicy, parse
from visavis.settings import Settings


def policy(**chosen: Any) -> UrlPolicy:
    return UrlPolicy(Settings(**chosen))


def refusal(urls: UrlPolicy, url: str) -> str:
    with pytest.raises(RequestValidationError) as caught:
        urls.settle("tts_url", url)
    (error,) = caught.value.errors()
    assert (error["type"], error["loc"]) == ("value_error", ("body", "tts_url"))
    return str(error["msg"])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8010/v1/audio/transcriptions",
        "http://127.0.0.1:8011/v1/audio/speech",
        "http://127.0.0.1:8020/api/v1/query",
        "http://localhost:8020/api/v1/query?top_k=3",
        "http://[::1]:8010/v1/audio/transcriptions",
        "https://127.0.0.1:8011/v1/audio/speech",
    ],
)
def test_the_documented_addresses_are_allowed(url: str) -> None:
    assert policy().settle("tts_url", url) == url


def test_what_is_left_out_is_the_setting_or_this_server() -> None:
    assert [policy().settle(field, None) for field in FIELDS] == ["", "", ""]
    assert policy(kiosk_rag_url="http://rag:1/q").settle("rag_url", None) == "http://rag:1/q"
    assert policy(kiosk_rag_url="http://rag:1/q").settle("rag_url", "") == "http://rag:1/q"


def test_a_host_that_a_setting_names_is_allowed_at_its_port_for_every_field() -> None:
    urls = policy(kiosk_rag_url="http://Services.example:9000/q")
    assert urls.settle("tts_url", "HTTP://services.EXAMPLE:9000/say") == "http://services.example:9000/say"
    assert "KIOSK_CORE_TTS_URL" in refusal(urls, "http://services.example:9001/say")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/v1/audio/speech",
        "http://127.0.0.1:22/",
        "http://127.0.0.1/",
        "http://127.0.0.2:8011/",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost.example.com:8011/",
        "http://127.0.0.1.nip.io:8011/",
        "http://0.0.0.0:8011/",
    ],
)
def test_other_hosts_are_refused_by_name_of_the_setting(url: str) -> None:
    assert "VISAVIS_KIOSK_TTS_URL" in refusal(policy(), url)


TRICKS = [
    "file:///etc/passwd",
    "ftp://127.0.0.1:8011/",
    "gopher://127.0.0.1:8011/",
    "//127.0.0.1:8011/",
    "127.0.0.1:8011",
    "http:/127.0.0.1:8011/",
    "http:\\\\127.0.0.1:8011\\",
    "http://user@127.0.0.1:8011/",
    "http://127.0.0.1:8011@example.com/",
    "http://user:secret@127.0.0.1:8011/",
    "http://127.0.0.1:8011#@example.com/",
    "http://127.0.0.1:8011\\@example.com/",
    "http://127.0.0.1:8011 /",
    " http://127.0.0.1:8011/",
    "http://127.0.0.1:8011/\r\nHost: x",
    "http://127.0.0.1:8011/\x00",
    "http://127.0.0.1.:8011/",
    "http://localhost.:8011/",
    "http://2130706433:8011/",
    "http://0x7f000001:8011/",
    "http://0x7f.0.0.1:8011/",
    "http://0177.0.0.1:8011/",
    "http://127.1:8011/",
    "http://127.0.0.01:8011/",
    "http://[::ffff:127.0.0.1]:8011/",
    "http://[0:0:0:0:0:0:0:1]:8011/",
    "http://[::1%25lo]:8011/",
    "http://[::]:8011/",
    "http://\u2460\u2461\u2466.0.0.1:8011/",
    "http://127\u30020\u30020\u30021:8011/",
    "http://loc\u0430lhost:8011/",
    "http://\uff4cocalhost:8011/",
    "http://127.0.0.1%2eexample.com:8011/",
    "http://127.0.0.1:08011x/",
    "http://127.0.0.1:80110/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:-8011/",
    "http://127.0.0.1:+8011/",
    "http://127.0.0.1:\u0668\u0660\u0661\u0661/",
    "http://127.0.0.1:/",
    "http://:8011/",
    "http://",
    "http:///path",
    "http://-localhost:8011/",
    "http://a..b:8011/",
    "http://127.0.0.1:8011/\u00e9",
    "javascript:alert(1)",
    "http://" + "a" * 300 + ":8011/",
]


@pytest.mark.parametrize("url", TRICKS)
@pytest.mark.parametrize("mode", ["reject", "map"])
def test_tricks_do_not_get_around_it(url: str, mode: str) -> None:
    assert refusal(policy(kiosk_request_urls=mode, kiosk_url_map="example.com=127.0.0.1:8011"), url)


def test_what_is_written_anew_is_what_was_read() -> None:
    assert str(parse("HTTPS://LocalHost")) == "https://localhost:443/"
    assert str(parse("http://127.0.0.1:08011?x=1")) == "http://127.0.0.1:8011/?x=1"


def test_hosts_are_mapped_by_the_table() -> None:
    table = "rag-service=127.0.0.1:8020, TTS_service=10.0.0.7:8011,asr:8000=asr.example:9,asr=127.0.0.1:8010"
    urls = policy(kiosk_request_urls="map", kiosk_url_map=table)
    assert urls.settle("rag_url", "http://rag-service:8000/api/v1/query") == "http://127.0.0.1:8020/api/v1/query"
    assert urls.settle("tts_url", "http://TTS_service/v1/audio/speech") == "http://10.0.0.7:8011/v1/audio/speech"
    assert urls.settle("analyzer_url", "http://asr:8000/t") == "http://asr.example:9/t"
    assert urls.settle("analyzer_url", "http://asr:1/t") == "http://127.0.0.1:8010/t"
    assert urls.settle("analyzer_url", "http://127.0.0.1:8010/t") == "http://127.0.0.1:8010/t"
    assert "VISAVIS_KIOSK_URL_MAP" in refusal(urls, "http://10.0.0.7:8011/")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8011/x", "http://169.254.169.254/", "rubbish", *TRICKS[:3]])
def test_requests_can_be_ignored(url: str) -> None:
    assert policy(kiosk_request_urls="ignore").settle("tts_url", url) == ""
    chosen = policy(kiosk_request_urls="ignore", kiosk_tts_url="http://tts:1/s")
    assert chosen.settle("tts_url", url) == "http://tts:1/s"


@pytest.mark.parametrize("field", FIELDS)
async def test_the_answer_names_field_and_setting(kiosk: Kiosk, field: str) -> None:
    url = "http://example.com/x"
    as_json = await kiosk.client.post("/api/v1/sessions/start", json={field: url})
    as_form = await kiosk.client.post("/api/v1/sessions/start-file", data={field: url}, files={"file": b"RIFF"})
    for answer in (as_json, as_form):
        assert answer.status_code == 422
        (error,) = answer.json()["detail"]
        assert (error["loc"], error["input"]) == (["body", field], url)
        assert f"VISAVIS_KIOSK_{field.upper()}" in error["msg"]
        assert "VISAVIS_KIOSK_REQUEST_URLS" in error["msg"]
    assert kiosk.pool.sessions() == []
