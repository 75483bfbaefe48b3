from visavis.transport.livekit.speaker import Speaker


def test_given_nobody_is_known_when_somebody_speaks_then_they_are_pinned_for_good() -> None:
    speaker = Speaker()
    assert not speaker.is_known_as("first")
    assert not speaker.is_known_as("")
    assert speaker.admits("first")
    assert speaker.is_known_as("first")
    assert not speaker.admits("second")
    assert speaker.admits("first")


def test_given_who_speaks_is_known_when_others_do_then_they_are_not_admitted() -> None:
    speaker = Speaker("agent")
    assert not speaker.admits("stranger")
    assert speaker.admits("agent")
