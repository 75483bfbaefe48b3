from math import ceil

import pytest

from visavis.api.principal import Principal
from visavis.api.rates import Rates
from visavis.errors import RateLimited
from visavis.settings import Settings

ALL = frozenset({"*"})
ADA = Principal("key_a", "org_a", ALL)
BOB = Principal("key_b", "org_a", ALL)
START = 1_800_000_000.25


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock: Clock) -> Rates:
    return Rates(Settings(creates_per_minute=3), clock)


def test_a_key_may_create_so_many_a_minute_and_is_told_how_many_are_left(rates: Rates, clock: Clock) -> None:
    assert [rates.take(ADA).remaining for _ in range(3)] == [2, 1, 0]
    clock.now += 20.5
    with pytest.raises(RateLimited, match="at most 3 may be created a minute; wait 40 s") as caught:
        rates.take(ADA)
    assert caught.value.retry_after == 40


def test_waiting_as_long_as_told_is_enough(rates: Rates, clock: Clock) -> None:
    for _ in range(3):
        rates.take(ADA)
        clock.now += 10
    for _ in range(5):
        with pytest.raises(RateLimited) as caught:
            rates.take(ADA)
        clock.now += caught.value.retry_after
        assert rates.take(ADA).remaining == 0


def test_what_is_refused_does_not_count(rates: Rates, clock: Clock) -> None:
    for _ in range(3):
        rates.take(ADA)
    for _ in range(10):
        with pytest.raises(RateLimited):
            rates.take(ADA)
    clock.now += 60
    assert [rates.take(ADA).remaining for _ in range(3)] == [2, 1, 0]


def test_keys_do_not_use_up_each_others(rates: Rates) -> None:
    for _ in range(3):
        rates.take(ADA)
    assert rates.take(BOB).remaining == 2


def test_a_key_may_have_a_limit_of_its_own(rates: Rates) -> None:
    one = Principal("key_c", "org_c", ALL, rate=1)
    assert rates.take(one).limit == 1
    with pytest.raises(RateLimited, match="at most 1"):
        rates.take(one)


def test_the_headers_say_how_it_stands(rates: Rates, clock: Clock) -> None:
    rates.take(ADA)
    clock.now += 10
    rates.take(ADA)
    assert rates.look(ADA).headers == {
        "X-RateLimit-Limit": "3",
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset": str(ceil(START + 70)),
    }
    assert rates.look(BOB).headers["X-RateLimit-Reset"] == str(ceil(clock.now))


def test_keys_that_have_gone_quiet_are_forgotten(rates: Rates, clock: Clock) -> None:
    for number in range(100):
        rates.take(Principal(f"key_{number}", "org_a", ALL))
    clock.now += 60
    rates.take(ADA)
    assert len(rates._taken) == 1
