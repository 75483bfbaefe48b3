"""What keeps an avatar from hearing itself, by the setting."""

from pathlib import Path
from typing import Literal

import pytest

from visavis.media.echo import AdaptiveCanceller, HalfDuplex
from visavis.pool import NewSession
from visavis.pool.hearing import Hearing
from visavis.pool.inline import InlinePool
from visavis.session.reaper import Reaper
from visavis.settings import Settings


@pytest.mark.parametrize(
    ("wish", "kind"), [("browser", type(None)), ("cancel", AdaptiveCanceller), ("half-duplex", HalfDuplex)]
)
async def test_a_session_has_the_canceller_that_is_set(
    wish: Literal["browser", "cancel", "half-duplex"], kind: type[object]
) -> None:
    canceller = await Hearing(Settings(echo=wish), Reaper()).canceller()
    assert type(canceller) is kind


async def test_only_sessions_with_ears_have_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    async def canceller(hearing: Hearing) -> HalfDuplex:
        made.append("one")
        return HalfDuplex()

    monkeypatch.setattr(Hearing, "canceller", canceller)
    async with InlinePool(Settings(data_dir=tmp_path), warm=False) as pool:
        await pool.create(NewSession("", voice_only=True))
        assert made == []
        await pool.create(NewSession("demo-avatar", model="mock"))
        assert made == ["one"]
