import time

import pytest

from tests.transport.livekit.minting import token
from visavis.transport import RoomFailed
from visavis.transport.livekit.token import patron


def test_given_a_good_token_when_read_then_it_says_whose_avatar_it_is() -> None:
    assert patron(token("avatar", "room"), "room", time.time()) == ""
    behalf = token("avatar", "room", attributes={"lk.publish_on_behalf": "agent"})
    assert patron(behalf, "room", time.time()) == "agent"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (token("a", "room", life=-1), "transport.token_expired"),
        (token("a", "elsewhere"), "transport.token_invalid"),
        (token("a", "room", roomJoin=False), "transport.token_invalid"),
        (token("a", "room", canPublish=False), "transport.token_invalid"),
        (token("", "room"), "transport.token_invalid"),
        ("", "transport.token_invalid"),
        ("a.b", "transport.token_invalid"),
        ("a.!!!.c", "transport.token_invalid"),
        ("a.bnVsbA.c", "transport.token_invalid"),
        ("a.eyJ2aWRlbyI6IDF9.c", "transport.token_invalid"),
        ("a.é.c", "transport.token_invalid"),
        ("a." + "W1" * 100_000 + ".c", "transport.token_invalid"),
    ],
)
def test_given_a_token_that_lets_nobody_in_when_read_then_it_says_why(bad: str, code: str) -> None:
    with pytest.raises(RoomFailed) as failed:
        patron(bad, "room", time.time())
    assert failed.value.code == code
