"""A session whose chat model is told something else, on both pools."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.pool.test_pools import make, until
from visavis.errors import Conflict, TooLarge
from visavis.pool import Chat, Customise, NewSession, SessionPool
from visavis.session.events import TurnEnded
from visavis.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEAF = NewSession("", voice_only=True)


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["inline", "workers"])
async def pool(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SessionPool]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), workers=1, llm="echo", max_text_chars=100)
    async with make(request.param, settings) as made:
        yield made


async def test_a_session_goes_on_with_another_prompt(pool: SessionPool) -> None:
    handle = await pool.create(DEAF)
    await handle.customise(Customise("You are Ada."))
    await handle.chat(Chat("Hello."))
    _, ended = await until(handle, TurnEnded)
    assert isinstance(ended, TurnEnded)
    assert ended.reason == "completed"
    await handle.customise(Customise(""))
    await handle.close()


async def test_a_prompt_that_is_too_long_and_a_session_that_is_over(pool: SessionPool) -> None:
    handle = await pool.create(DEAF)
    with pytest.raises(TooLarge):
        await handle.customise(Customise("x" * 101))
    await handle.close()
    with pytest.raises(Conflict):
        await handle.customise(Customise("x"))
