import pytest

from visavis.errors import InvalidInput
from visavis.settings import Settings
from visavis.webhooks import check

SETTINGS = Settings(webhook_hosts="crm.lan:8080, 127.0.0.1")


@pytest.mark.parametrize(
    "url",
    ["https://crm.example/hook?x=1", "https://crm.example:8443/", "http://crm.lan:8080/hook", "http://127.0.0.1"],
)
def test_these_may_be_told(url: str) -> None:
    check(url, SETTINGS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "crm.example",
        "ftp://crm.example/",
        "http://crm.example/",
        "http://crm.lan/",
        "http://crm.lan:8081/",
        "https://user:secret@crm.example/",
        "https://crm.example/#part",
        "https://crm.example:99999/",
        "https://[::1/",
        "https://crm.example/\n",
        "https://crm.example/" + "a" * 2000,
    ],
)
def test_these_may_not(url: str) -> None:
    with pytest.raises(InvalidInput, match="https") as caught:
        check(url, SETTINGS)
    assert "secret" not in caught.value.message
