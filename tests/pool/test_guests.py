from fractions import Fraction

import pytest

from visavis.avatar import Catalogue
from visavis.pool.guests import fitted
from visavis.settings import Settings


@pytest.mark.parametrize(("size", "side"), [(0, 512), (320, 320), (321, 320), (2, 16)])
def test_given_a_size_when_an_avatar_is_fitted_then_its_longer_side_has_it(size: int, side: int) -> None:
    avatar = fitted(Catalogue(Settings()).avatar("demo-avatar"), size, 0)
    assert max(avatar.width, avatar.height) == side
    assert avatar.width % 2 == avatar.height % 2 == 0


def test_given_a_rate_when_an_avatar_is_fitted_then_it_has_it() -> None:
    avatar = Catalogue(Settings()).avatar("demo-avatar")
    assert fitted(avatar, 0, 15).fps == Fraction(15)
    assert fitted(avatar, 0, 0) == avatar
