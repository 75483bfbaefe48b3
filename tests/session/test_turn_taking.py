from collections.abc import Iterable

import pytest

from visavis.session.turn_taking import (
    CONFIRM_MS,
    LONGEST_MS,
    SHORTEST_PAUSE_MS,
    UNFINISHED_MS,
    WINDOW_MS,
    Act,
    Action,
    TurnTaking,
)

SPEECH, SILENCE = 0.9, 0.02


class Talk:
    """Feeds windows and keeps what was to be done, with the time in ms."""

    def __init__(self, language: str = "en", *, preemptive: bool = True) -> None:
        self.taking = TurnTaking(language, preemptive=preemptive)
        self.time = 0
        self.avatar_speaks = False
        self.done: list[tuple[int, Action]] = []

    def _keep(self, actions: Iterable[Action]) -> None:
        for action in actions:
            self.done.append((self.time, action))
            if action.act in (Act.CONFIRM,):
                self.avatar_speaks = False

    def sound(self, probability: float, ms: int) -> None:
        for _ in range(ms // WINDOW_MS):
            self.time += WINDOW_MS
            self._keep(self.taking.window(probability, avatar_speaks=self.avatar_speaks))

    def partial(self, text: str) -> None:
        self._keep(self.taking.partial(text))

    def final(self, text: str) -> None:
        self._keep(self.taking.final(text))

    @property
    def acts(self) -> list[Act]:
        return [action.act for _, action in self.done]

    def when(self, act: Act) -> int:
        return next(time for time, action in self.done if action.act is act)


def test_what_is_said_into_silence_is_answered() -> None:
    talk = Talk(preemptive=False)
    talk.sound(SILENCE, 1000)
    talk.sound(SPEECH, 1000)
    talk.partial("what time is it")
    talk.sound(SILENCE, 1000)
    talk.final("what time is it")

    assert talk.acts == [Act.BEGIN, Act.END, Act.TAKE]
    assert talk.done[-1][1].text == "what time is it"
    assert talk.when(Act.BEGIN) - 1000 <= 3 * WINDOW_MS
    assert talk.when(Act.END) - 2000 == pytest.approx(SHORTEST_PAUSE_MS, abs=WINDOW_MS)


def test_noise_without_words_is_not_answered() -> None:
    talk = Talk()
    talk.sound(SPEECH, 300)
    talk.sound(SILENCE, 1000)
    talk.final("")
    assert talk.acts == [Act.BEGIN, Act.END]


def test_a_single_click_is_not_even_an_utterance() -> None:
    talk = Talk()
    talk.sound(SPEECH, WINDOW_MS)
    talk.sound(SILENCE, 1000)
    assert talk.acts == []


def test_speech_against_the_avatar_holds_it_within_a_tenth_of_a_second() -> None:
    talk = Talk()
    talk.avatar_speaks = True
    talk.sound(SPEECH, 320)
    assert talk.acts == [Act.BEGIN, Act.HOLD]
    assert talk.when(Act.HOLD) <= 100


def test_words_confirm_and_take_the_floor() -> None:
    talk = Talk(preemptive=False)
    talk.avatar_speaks = True
    talk.sound(SPEECH, 512)
    talk.partial("no wait i meant")
    talk.sound(SPEECH, 320)
    talk.sound(SILENCE, 1000)
    talk.final("no wait i meant tuesday")
    assert talk.acts == [Act.BEGIN, Act.HOLD, Act.CONFIRM, Act.END, Act.TAKE]
    assert talk.when(Act.CONFIRM) == 512


def test_enough_speech_confirms_without_words() -> None:
    talk = Talk()
    talk.avatar_speaks = True
    talk.sound(SPEECH, 1000)
    assert talk.acts == [Act.BEGIN, Act.HOLD, Act.CONFIRM]
    assert talk.when(Act.CONFIRM) == pytest.approx(CONFIRM_MS, abs=WINDOW_MS)


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Yeah."), ("en", "uh-huh"), ("en", "I see"), ("zh", "嗯。"), ("zh", "好的"), ("de", "Genau!")],
)
def test_a_backchannel_gives_the_floor_back(language: str, said: str) -> None:
    talk = Talk(language)
    talk.avatar_speaks = True
    talk.sound(SPEECH, 384)
    talk.partial(said)
    talk.sound(SILENCE, 1000)
    talk.final(said)
    assert talk.acts == [Act.BEGIN, Act.HOLD, Act.END, Act.RELEASE]


@pytest.mark.parametrize("misheard", ["", "the", "you have"])
def test_a_cough_gives_the_floor_back(misheard: str) -> None:
    talk = Talk()
    talk.avatar_speaks = True
    talk.sound(SPEECH, 256)
    talk.sound(SILENCE, 1000)
    talk.final(misheard)
    assert talk.acts == [Act.BEGIN, Act.HOLD, Act.END, Act.RELEASE]


@pytest.mark.parametrize(("language", "said"), [("en", "stop"), ("zh", "停"), ("de", "Halt!")])
def test_a_command_takes_the_floor_however_short_it_is(language: str, said: str) -> None:
    talk = Talk(language)
    talk.avatar_speaks = True
    talk.sound(SPEECH, 256)
    talk.sound(SILENCE, 1000)
    talk.final(said)
    assert talk.acts == [Act.BEGIN, Act.HOLD, Act.END, Act.CONFIRM, Act.TAKE]


def test_yes_is_an_answer_when_the_avatar_is_silent() -> None:
    talk = Talk(preemptive=False)
    talk.sound(SPEECH, 320)
    talk.sound(SILENCE, 1000)
    talk.final("yes")
    assert talk.done[-1][1] == Action(Act.TAKE, "yes")


def test_an_unfinished_sentence_is_given_more_time() -> None:
    talk = Talk()
    talk.sound(SPEECH, 640)
    talk.partial("i would like to go to paris and")
    talk.sound(SILENCE, 2000)
    assert talk.when(Act.END) - 640 == pytest.approx(SHORTEST_PAUSE_MS + UNFINISHED_MS, abs=2 * WINDOW_MS)
    assert Act.PREPARE not in talk.acts


def test_a_speaker_who_pauses_is_given_more_time() -> None:
    talk = Talk(preemptive=False)
    talk.partial("")
    for _ in range(6):
        talk.sound(SPEECH, 320)
        talk.sound(SILENCE, 320)
    talk.sound(SPEECH, 320)
    began = talk.time
    talk.sound(SILENCE, 2000)
    assert talk.when(Act.END) - began > SHORTEST_PAUSE_MS + WINDOW_MS


def test_an_answer_is_prepared_in_the_pause_and_given_when_that_was_all() -> None:
    talk = Talk()
    talk.sound(SPEECH, 960)
    talk.partial("what time is it")
    talk.sound(SILENCE, 1000)
    talk.final("What time is it?")
    assert talk.acts == [Act.BEGIN, Act.PREPARE, Act.END, Act.COMMIT]
    assert talk.when(Act.PREPARE) < talk.when(Act.END)


def test_a_prepared_answer_is_discarded_when_there_is_more() -> None:
    talk = Talk()
    talk.sound(SPEECH, 960)
    talk.partial("what time is it")
    talk.sound(SILENCE, 224)
    talk.sound(SPEECH, 640)
    talk.partial("what time is it in tokyo")
    talk.sound(SILENCE, 1000)
    talk.final("what time is it in tokyo now")
    assert talk.acts == [Act.BEGIN, Act.PREPARE, Act.DISCARD, Act.PREPARE, Act.END, Act.DISCARD, Act.TAKE]


def test_nothing_is_prepared_before_a_barge_in_is_confirmed() -> None:
    talk = Talk()
    talk.avatar_speaks = True
    talk.sound(SPEECH, 256)
    talk.partial("yeah")
    talk.sound(SILENCE, 320)
    assert Act.PREPARE not in talk.acts


def test_an_utterance_without_end_is_ended() -> None:
    talk = Talk()
    talk.sound(SPEECH, LONGEST_MS + 1000)
    assert Act.END in talk.acts


def test_a_second_utterance_may_begin_before_the_first_is_understood() -> None:
    talk = Talk(preemptive=False)
    talk.sound(SPEECH, 640)
    talk.sound(SILENCE, 640)
    talk.sound(SPEECH, 640)
    talk.sound(SILENCE, 640)
    talk.final("one")
    talk.final("two")
    assert [action.text for _, action in talk.done if action.act is Act.TAKE] == ["one", "two"]


def test_push_to_talk_needs_no_voice_activity() -> None:
    taking = TurnTaking("en")
    assert [action.act for action in taking.press(avatar_speaks=True)] == [Act.CONFIRM, Act.BEGIN]
    assert taking.press(avatar_speaks=False) == []
    assert [action.act for action in taking.release()] == [Act.END]
    assert taking.final("hello") == [Action(Act.TAKE, "hello")]
    assert taking.release() == []


def test_push_to_talk_takes_the_floor_for_what_is_being_heard_already() -> None:
    talk = Talk()
    talk.avatar_speaks = True
    talk.sound(SPEECH, 128)
    assert [action.act for action in talk.taking.press(avatar_speaks=True)] == [Act.CONFIRM]
    assert talk.taking.press(avatar_speaks=True) == []
    assert [action.act for action in talk.taking.release()] == [Act.END]
