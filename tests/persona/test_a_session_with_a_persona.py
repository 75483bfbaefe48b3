"""What a persona makes of a session, with real parts."""

from pathlib import Path

import pytest

from visavis.errors import InvalidInput, NotFound
from visavis.pool import Chat, NewSession
from visavis.pool.inline import InlinePool
from visavis.pool.studio import Studio
from visavis.session.events import Caption, TurnEnded
from visavis.settings import Settings
from visavis.testing.openai_stub import Answer, OpenAIStub

ADA = """
name = "Ada"
prompt = "You are Ada."
greeting = "Good day."
avatar = "demo-avatar"
model = "mock"
tools = []
voice = {provider = "espeak", name = "de"}
"""


def settings(data_dir: Path, text: str = ADA, **more: str) -> Settings:
    (data_dir / "personas").mkdir()
    (data_dir / "personas/ada.toml").write_text(text, "utf-8")
    return Settings(data_dir=data_dir, **more)  # type: ignore[arg-type]  # fields that are texts


@pytest.mark.parametrize(
    ("request_", "resolved"),
    [
        (
            NewSession("", persona="ada"),
            NewSession("demo-avatar", "mock", "espeak", "de", "", "You are Ada.", "", "ada"),
        ),
        (
            NewSession("eve", "portrait", "flite", "", "", "You are Eve.", "me", "ada"),
            NewSession("eve", "portrait", "flite", "", "", "You are Eve.", "me", "ada"),
        ),
        (
            NewSession("eve", tts_voice="fr", persona="ada"),
            NewSession("eve", "mock", "espeak", "fr", "", "You are Ada.", "", "ada"),
        ),
        (NewSession("eve"), NewSession("eve")),
    ],
)
async def test_given_a_persona_when_resolved_then_it_fills_in_what_the_request_leaves_empty(
    tmp_path: Path, request_: NewSession, resolved: NewSession
) -> None:
    studio = Studio(settings(tmp_path))
    assert studio.resolved(request_) == resolved
    await studio.close()


async def test_given_a_persona_when_a_session_is_made_then_it_has_its_looks_prompt_greeting_and_tools(
    tmp_path: Path,
) -> None:
    async with OpenAIStub() as stub:
        stub.then(Answer(["Hi."]))
        known = {"llm_base_url": stub.base_url, "llm_api_key": stub.api_key, "llm_model": stub.model}
        async with InlinePool(settings(tmp_path, tools="clock", **known), warm=False) as pool:
            handle = await pool.create(NewSession("", persona="ada"))
            info = await handle.info()
            ended: list[str] = []
            handle.session.attendance.joined("main")
            async for record in handle.events():
                if isinstance(record.event, TurnEnded):
                    ended.append(record.event.heard)
                    if len(ended) == 2:
                        break
                    await handle.chat(Chat("Hello."))
        request = stub.requests[0]

    assert (info.avatar_id, info.model, info.tts_provider, info.tts_voice) == (
        "demo-avatar",
        "mock",
        "espeak",
        "de",
    )
    assert ended == ["Good day.", "Hi."]
    assert request.messages[0]["content"].startswith("You are Ada.")
    assert "tools" not in request.body


@pytest.mark.parametrize(
    ("persona", "change", "complaint"),
    [
        ("nobody", "", "persona not found: 'nobody'"),
        ("ada", "avatar =", "persona 'ada': "),
        ("ada", 'name = "Ada"\ntools = ["clock"]', "the tools 'clock' are not enabled; add them to VISAVIS_TOOLS"),
        ("ada", f'name = "Ada"\ngreeting = "{"a" * 20_000}"', "persona 'ada': greeting is over"),
    ],
)
async def test_given_a_persona_that_can_not_be_used_when_a_session_is_made_then_it_is_refused(
    tmp_path: Path, persona: str, change: str, complaint: str
) -> None:
    async with InlinePool(settings(tmp_path, change or ADA), warm=False) as pool:
        with pytest.raises((InvalidInput, NotFound), match=complaint):
            await pool.create(NewSession("demo-avatar", model="mock", persona=persona))


@pytest.mark.parametrize(
    ("persona", "question", "told"),
    [("guide", "What is Visavis?", "talking avatars"), ("guide-zh", "Visavis 是什么？", "数字人")],
)
async def test_given_a_guide_when_asked_then_it_answers_from_the_documents_about_visavis(
    tmp_path: Path, persona: str, question: str, told: str
) -> None:
    async with InlinePool(Settings(data_dir=tmp_path), warm=False) as pool:
        handle = await pool.create(NewSession("", model="mock", persona=persona))
        await handle.chat(Chat(question))
        async for record in handle.events():
            if isinstance(record.event, Caption):
                await handle.interrupt()
            elif isinstance(record.event, TurnEnded):
                break
    assert isinstance(record.event, TurnEnded)
    assert told in record.event.text
