from itertools import groupby, pairwise

from visavis.face import Mood
from visavis.face.portrait.choosing import Choosing
from visavis.face.portrait.motion import SCORES, SECONDS, Motion


def spoken(seconds: int, start: int = 0) -> list[Motion]:
    """The motion of each second of speech."""
    choosing, now = Choosing(start), list[Motion](["idle"])
    for second in range(seconds):
        now.append(choosing.speaking(second % SECONDS, now[-1]))
    return now[1:]


def rested(seconds: int, mood: Mood) -> list[Motion]:
    """The motion of each second of rest."""
    choosing, now = Choosing(), list[Motion](["idle"])
    for second in range(seconds):
        now.append(choosing.resting(second % SECONDS, now[-1], mood))
    return now[1:]


def test_speech_alternates_between_its_two_motions_without_a_short_period() -> None:
    found = spoken(120)
    assert set(found) == {"speak-a", "speak-b"}
    assert max(len(list(group)) for _, group in groupby(found)) <= 4
    for period in (4, 8, 12, 16):
        assert found[:60] != found[period : 60 + period]


def test_the_same_beginning_gives_the_same_choices() -> None:
    assert spoken(40, 7) == spoken(40, 7) != spoken(40, 8)


def test_who_listens_nods_now_and_then() -> None:
    found = rested(60, "listen")
    nods = [second for second, name in enumerate(found) if name == "nod"]
    assert 6 <= len(nods) <= 12
    assert all(second % 2 == 0 for second in nods)
    assert all(later - earlier >= 4 for earlier, later in pairwise(nods))
    assert len({later - earlier for earlier, later in pairwise(nods)}) > 1


def test_who_thinks_thinks() -> None:
    assert set(rested(12, "think")) == {"think"}


def test_idle_motions_are_changed_at_their_beginning_and_blinks_are_two_to_six_seconds_apart() -> None:
    found = rested(120, "idle")
    assert set(found) == {"idle", "idle-b"}
    changes = [second for second, (one, other) in enumerate(pairwise(found), 1) if one != other]
    assert all(second % SECONDS == 0 for second in changes)
    blinks = [begin + blink for begin in range(0, 120, SECONDS) for blink in SCORES[found[begin]].blinks]
    gaps = [later - earlier for earlier, later in pairwise(blinks)]
    assert min(gaps) >= 2
    assert max(gaps) <= 6
    assert len({round(gap, 2) for gap in gaps}) >= 4


def test_after_another_mood_the_idle_motion_comes_at_once() -> None:
    choosing = Choosing()
    assert choosing.resting(2, "listen", "idle") == "idle"
    assert choosing.resting(3, "idle", "think") == "think"
