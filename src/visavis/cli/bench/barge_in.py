"""Barge-in by voice: how soon the avatar is silent when somebody speaks, and that nothing less stops it."""

import asyncio
import random
from collections.abc import Sequence
from itertools import cycle, islice

from visavis.cli.bench.client import Client
from visavis.cli.bench.figures import Measure
from visavis.cli.bench.microphone import Microphone, Said, Sound
from visavis.cli.bench.targets import TARGETS
from visavis.cli.bench.told import Told, told
from visavis.cli.bench.utterances import BACKCHANNEL, BARGE_INS, cough, spoken
from visavis.cli.bench.visit import Visit, visit
from visavis.cli.configuration import settings as read_settings

STORY = (
    "This is a long story about a man and his dog, who walked along the river every single day, and who never met "
    "anybody there until one morning a boat came down the river with nobody in it and the dog began to bark at it "
) * 4
"""Without the pauses that sentences have: in one of those, silence would come by itself."""

DECISION = 2.5
"""Seconds after somebody's last sound by which it has been decided who has the floor."""

SPANS = {
    "barge-in": "the user begins to speak (first sample above -40 dBFS leaves) → last sound packet of the turn"
}

NOTHING = "of {0} {1}s while the avatar spoke: its turn was ended by it"


async def measure(
    client: Client, avatar: str, model: str, turns: int, sounds: int
) -> tuple[list[float], list[Measure]]:
    """The ms of each barge-in, and counts of what went wrong."""
    settings = read_settings()
    barge_ins = await spoken(settings, BARGE_INS, by_its_start=True)
    backchannel = (await spoken(settings, [BACKCHANNEL], by_its_start=True))[0]
    microphone = Microphone()
    async with visit(client, avatar, model, microphone) as first, told(client, first.session) as news:
        await first.connect()
        await first.viewer.connected()
        taken = [await _interrupted(first, microphone, news, each) for each in islice(cycle(barge_ins), turns)]
        values = [ms for ms in taken if ms is not None]
        counts = [
            Measure(
                "barge-in: failed",
                f"of {turns} barge-ins, not in the figure: the avatar went on, or began again before the end",
                "turns",
                [turns - len(values)],
            )
        ]
        for name, some in (
            (BACKCHANNEL, [backchannel] * sounds),
            ("cough", [cough(seed) for seed in range(sounds)]),
        ):
            ended = [await _ended(first, microphone, news, sound) for sound in some]
            counts.append(
                Measure(
                    f"barge-in: {name}",
                    NOTHING.format(sounds, name),
                    "turns",
                    [sum(ended)],
                    TARGETS["barge-in, nothing"],
                )
            )
    return values, [count for count in counts if count.values]


async def _interrupted(first: Visit, microphone: Microphone, news: Told, sound: Sound) -> float | None:
    """The ms until silence; None if the turn was not ended, or was heard again while somebody still spoke."""
    said = await _during(first, microphone, news, sound)
    ended = news.ended[:1] == ["interrupted"]
    heard = [packet.at for packet in first.viewer.packets if packet.audible and packet.at < said.ended]
    await first.interrupt()
    await first.quiet()
    last = max((at for at in heard if at >= said.began), default=said.began)
    return (last - said.began) * 1000 if ended and _is_one(heard) else None


async def _ended(first: Visit, microphone: Microphone, news: Told, sound: Sound) -> bool:
    """Whether a sound ended the avatar's turn."""
    await _during(first, microphone, news, sound)
    ended = bool(news.ended)
    await first.interrupt()
    await first.quiet()
    return ended


async def _during(first: Visit, microphone: Microphone, news: Told, sound: Sound) -> Said:
    """Make a sound while the avatar speaks; returns when something has been decided."""
    heard = asyncio.create_task(first.sound())
    await first.speak(STORY)
    await heard
    await asyncio.sleep(random.uniform(0.5, 1.0))  # noqa: S311  # any moment of a sentence, no secret
    news.ended.clear()
    first.viewer.packets.clear()
    said = await microphone.say(sound)
    await asyncio.sleep(said.ended - said.began + DECISION)
    return said


def _is_one(times: Sequence[float]) -> bool:
    """Whether sound came without a gap: of a turn that was held and went on there is one."""
    return all(later - earlier < 0.25 for earlier, later in zip(times, times[1:], strict=False))
