import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from tests.media.decoding import Sound
from tests.media.moving_picture import clip, likeness, picture
from tests.transport.watching import Reader, Show, watch
from visavis.media.chunk import AVChunk
from visavis.media.encoding import SILENCE, VideoCodec
from visavis.media.loops import LoopStore
from visavis.media.pictures import Live
from visavis.media.samples import Samples, rms
from visavis.media.timeline import PACKET
from visavis.testing.transport import check_transport
from visavis.transport.broadcast import Broadcast
from visavis.transport.packet_track import MAX_QUEUED
from visavis.transport.video_stream import PictureCounts

both = pytest.mark.parametrize("codec", ["VP8", "H264"])

SPEECH: Samples = (8000 * np.sin(np.arange(PACKET) * 2 * np.pi * 200 / 48_000)).astype(np.int16)
QUIET: Samples = np.zeros(PACKET, dtype=np.int16)


def say(broadcast: Broadcast, first: int, count: int = 1) -> None:
    for i in range(first, first + count):
        broadcast.play(AVChunk(i * PACKET, SPEECH))


def rest(broadcast: Broadcast, first: int, count: int = 1) -> None:
    for i in range(first, first + count):
        broadcast.play(AVChunk(i * PACKET, QUIET, silent=True))


async def test_it_keeps_the_contract_of_transports(loops: LoopStore) -> None:
    await check_transport(Broadcast(loops, 64, 64, clip().fps, 1500))


async def test_without_viewers_nothing_is_encoded(broadcast: Broadcast) -> None:
    stream = broadcast.video("VP8")
    await Show(broadcast).live(10)
    say(broadcast, 0, 10)
    assert stream.counts == PictureCounts()
    assert broadcast.audio.encoded == 0


async def test_a_viewer_who_is_not_connected_yet_costs_nothing_and_misses_nothing_useful(
    broadcast: Broadcast,
) -> None:
    stream = broadcast.video("VP8")
    track = stream.subscribe()
    await stream.encoder.ready()
    await Show(broadcast).live(20)
    assert stream.counts == PictureCounts()
    assert track.dropped == 0


@both
async def test_the_present_picture_is_sent_as_a_key_frame_when_the_first_viewer_connects(
    broadcast: Broadcast, codec: VideoCodec
) -> None:
    show = Show(broadcast)
    stream = broadcast.video(codec)
    track = stream.subscribe()
    await stream.encoder.ready()
    await show.live(3)
    reader = await Reader(track).settled()
    assert len(reader.packets) == 1
    assert reader.times == [2 * 3600]
    await show.live(2)
    assert reader.times == [7200, 10800, 14400]
    for shown, index in zip(reader.pictures(codec), (2, 3, 4), strict=True):
        assert likeness(shown, picture(index)) > 30


@both
async def test_a_loop_goes_out_as_packets_that_were_encoded_before(
    broadcast: Broadcast, loops: LoopStore, codec: VideoCodec
) -> None:
    encoded = await loops.encoded(clip(), codec)
    reader = await watch(broadcast, codec)
    await Show(broadcast).loop(clip(), 0, 30)
    assert reader.packets == [encoded.packet(i % 20).data for i in range(30)]
    assert broadcast.video(codec).counts == PictureCounts(live=0, loop=30, skipped=0, keys=6)


@both
async def test_from_loop_to_live_and_back_everything_decodes(
    broadcast: Broadcast, loops: LoopStore, codec: VideoCodec
) -> None:
    await loops.encoded(clip(), codec)
    reader = await watch(broadcast, codec)
    show = Show(broadcast)
    await show.loop(clip(), 0, 8)
    await show.live(7)
    await show.loop(clip(), 15, 10)
    expected = [*range(8), *range(8, 15), *range(15, 20), *range(5)]
    for shown, index in zip(reader.pictures(codec), expected, strict=True):
        assert likeness(shown, picture(index)) > 30
    assert broadcast.video(codec).counts == PictureCounts(live=7, loop=18, skipped=0, keys=5)


async def test_a_loop_is_rejoined_only_at_a_key_frame(broadcast: Broadcast, loops: LoopStore) -> None:
    await loops.encoded(clip(), "VP8")
    reader = await watch(broadcast)
    show = Show(broadcast)
    await show.live(2)
    await show.loop(clip(), 12, 5)
    assert broadcast.video("VP8").counts == PictureCounts(live=5, loop=2, skipped=0, keys=2)
    assert len(reader.pictures("VP8")) == 7


async def test_a_picture_that_was_left_out_ends_the_loop_until_its_next_key_frame(
    broadcast: Broadcast, loops: LoopStore
) -> None:
    await loops.encoded(clip(), "VP8")
    reader = await watch(broadcast)
    show = Show(broadcast)
    await show.loop(clip(), 0, 2)
    await show.loop(clip(), 3, 4)
    assert broadcast.video("VP8").counts == PictureCounts(live=2, loop=4, skipped=0, keys=3)
    for shown, index in zip(reader.pictures("VP8"), (0, 1, 3, 4, 5, 6), strict=True):
        assert likeness(shown, picture(index)) > 30


async def test_another_clip_is_joined_at_its_key_frame(broadcast: Broadcast, loops: LoopStore) -> None:
    other = clip("other")
    await loops.encoded(clip(), "VP8")
    await loops.encoded(other, "VP8")
    await watch(broadcast)
    show = Show(broadcast)
    await show.loop(clip(), 0, 5)
    await show.loop(other, 6, 5)
    assert broadcast.video("VP8").counts == PictureCounts(live=4, loop=6, skipped=0, keys=3)


async def test_a_loop_that_is_not_encoded_yet_is_sent_live_meanwhile(
    broadcast: Broadcast, loops: LoopStore
) -> None:
    reader = await watch(broadcast)
    show = Show(broadcast)
    await show.loop(clip(), 0, 3)
    assert broadcast.video("VP8").counts.live == 3
    await loops.encoded(clip(), "VP8")
    await show.loop(clip(), 3, 4)
    assert broadcast.video("VP8").counts == PictureCounts(live=5, loop=2, skipped=0, keys=2)
    assert len(reader.pictures("VP8")) == 7


async def test_without_an_encoder_only_loops_are_sent(broadcast: Broadcast, loops: LoopStore) -> None:
    await loops.encoded(clip(), "VP8")
    stream = broadcast.video("VP8")
    reader = await Reader(stream.subscribe()).settled()
    stream.encoder.release()
    show = Show(broadcast)
    await show.loop(clip(), 3, 4)
    await show.live(2)
    assert stream.counts == PictureCounts(live=0, loop=2, skipped=4, keys=1)
    assert len(reader.pictures("VP8")) == 2


async def test_two_viewers_of_one_codec_share_one_encoding(broadcast: Broadcast) -> None:
    first = await watch(broadcast)
    second = await watch(broadcast)
    await Show(broadcast).live(10)
    assert broadcast.video("VP8").counts.live == 10
    assert first.packets == second.packets


async def test_each_codec_is_encoded_for_its_own_viewers(broadcast: Broadcast) -> None:
    one = await watch(broadcast, "VP8")
    other = await watch(broadcast, "H264")
    await Show(broadcast).live(5)
    assert broadcast.video("VP8").counts.live == broadcast.video("H264").counts.live == 5
    assert len(one.pictures("VP8")) == len(other.pictures("H264")) == 5


async def test_who_comes_later_begins_with_a_key_frame(broadcast: Broadcast, loops: LoopStore) -> None:
    await loops.encoded(clip(), "VP8")
    early = await watch(broadcast)
    show = Show(broadcast)
    await show.loop(clip(), 0, 2)
    late = await watch(broadcast)
    await show.loop(clip(), 2, 8)
    assert late.packets == early.packets[2:]
    for shown, index in zip(late.pictures("VP8"), range(2, 10), strict=True):
        assert likeness(shown, picture(index)) > 30
    assert broadcast.video("VP8").counts == PictureCounts(live=3, loop=7, skipped=0, keys=3)


async def test_a_key_frame_that_is_asked_for_is_the_next_picture(broadcast: Broadcast, loops: LoopStore) -> None:
    await loops.encoded(clip(), "VP8")
    await watch(broadcast)
    stream = broadcast.video("VP8")
    show = Show(broadcast)
    await show.live(20)
    assert stream.counts.keys == 1
    stream.request_key()
    await show.live()
    assert stream.counts.keys == 2


async def test_a_key_frame_that_is_asked_for_within_a_loop_is_live(broadcast: Broadcast, loops: LoopStore) -> None:
    sparse = clip(frames=20, key_interval=20)
    await loops.encoded(sparse, "VP8")
    reader = await watch(broadcast)
    stream = broadcast.video("VP8")
    show = Show(broadcast)
    await show.loop(sparse, 0, 12)
    stream.request_key()
    await show.loop(sparse, 12, 10)
    assert stream.counts == PictureCounts(live=8, loop=14, skipped=0, keys=3)
    assert len(reader.pictures("VP8")) == 22


async def test_asking_again_at_once_brings_no_second_key_frame(broadcast: Broadcast) -> None:
    await watch(broadcast)
    stream = broadcast.video("VP8")
    show = Show(broadcast)
    await show.live(20)
    for _ in range(5):
        stream.request_key()
        await show.live()
    assert stream.counts.keys == 2


async def test_a_viewer_that_is_too_slow_goes_on_with_a_key_frame_and_delays_nobody(
    broadcast: Broadcast,
) -> None:
    quick = await watch(broadcast)
    slow = await watch(broadcast)
    show = Show(broadcast)
    await show.live(2)
    slow.stop()
    await show.live(MAX_QUEUED + 3)
    assert len(quick.packets) == MAX_QUEUED + 5
    assert slow.track.dropped == MAX_QUEUED
    late = await Reader(slow.track).settled()
    assert late.times == [(MAX_QUEUED + 3) * 3600, (MAX_QUEUED + 4) * 3600]
    for shown, index in zip(late.pictures("VP8"), (MAX_QUEUED + 3, MAX_QUEUED + 4), strict=True):
        assert likeness(shown, picture(index)) > 30


async def test_flush_empties_the_queues_and_the_next_picture_is_a_key_frame(broadcast: Broadcast) -> None:
    reader = await watch(broadcast)
    stream = broadcast.video("VP8")
    sound = broadcast.audio.subscribe()
    heard = await Reader(sound).settled()
    show = Show(broadcast)
    await show.live(2)
    start = 2 * 1920
    broadcast.play(AVChunk(start, SPEECH, ((start, Live(picture(2))),)))
    broadcast.flush()
    await reader.settled()
    assert len(reader.packets) == 2
    assert heard.packets == []
    await show.live(3)
    assert stream.counts.keys == 2
    assert len(reader.pictures("VP8")) == 5


async def test_silence_is_never_encoded(broadcast: Broadcast) -> None:
    reader = await Reader(broadcast.audio.subscribe()).settled()
    rest(broadcast, 0, 5)
    await reader.settled()
    assert reader.packets == [SILENCE] * 5
    assert reader.times == [i * PACKET for i in range(5)]
    assert (broadcast.audio.encoded, broadcast.audio.silent) == (0, 5)


async def test_speech_is_encoded_once_and_fades_out(broadcast: Broadcast) -> None:
    one = await Reader(broadcast.audio.subscribe()).settled()
    other = await Reader(broadcast.audio.subscribe()).settled()
    for i in range(5):
        say(broadcast, i)
        await one.settled()
    for i in range(5, 10):
        rest(broadcast, i)
        await one.settled()
    assert one.packets == other.packets
    assert broadcast.audio.encoded == 7
    assert one.packets[7:] == [SILENCE] * 3
    decoder = Sound()
    heard = [decoder.decode(packet) for packet in one.packets]
    assert rms(heard[4]) > 3000
    assert not heard[9].any()


async def test_after_a_flush_nothing_of_the_old_sound_is_left(broadcast: Broadcast) -> None:
    reader = await Reader(broadcast.audio.subscribe()).settled()
    for i in range(5):
        say(broadcast, i)
        await reader.settled()
    broadcast.flush()
    rest(broadcast, 5)
    await reader.settled()
    assert reader.packets[5:] == [SILENCE]
    # Quiet sound that isn't known to be silent: had the encoder kept the end of the word, it would be here.
    for i in range(6, 8):
        broadcast.play(AVChunk(i * PACKET, QUIET))
        await reader.settled()
    decoder = Sound()
    heard = [decoder.decode(packet) for packet in reader.packets[6:]]
    assert max(rms(pcm) for pcm in heard) < 5


async def test_sound_that_nobody_takes_in_time_loses_its_oldest_packets(broadcast: Broadcast) -> None:
    track = broadcast.audio.subscribe()
    reader = await Reader(track).settled()
    rest(broadcast, 0, MAX_QUEUED + 3)
    await reader.settled()
    assert reader.times == [i * PACKET for i in range(3, MAX_QUEUED + 3)]
    assert track.dropped == 3


async def test_who_leaves_hears_nothing_more(broadcast: Broadcast) -> None:
    reader = await watch(broadcast)
    stream = broadcast.video("VP8")
    show = Show(broadcast)
    await show.live(2)
    stream.unsubscribe(reader.track)
    await show.live(2)
    assert len(reader.packets) == 2
    assert stream.viewers == 0
    assert stream.encoder.kbps == 0
    with pytest.raises(MediaStreamError):
        await reader.track.recv()


async def test_a_congested_viewer_gets_a_new_encoder_with_a_lower_rate(broadcast: Broadcast) -> None:
    reader = await watch(broadcast)
    stream = broadcast.video("VP8")
    show = Show(broadcast)
    await show.live(3)
    assert stream.encoder.kbps == 1000
    for kbps in (900, 500):
        stream.report(reader.track, kbps)
    await stream.encoder.ready()
    assert stream.encoder.kbps == 500
    await show.live(3)
    assert len(reader.pictures("VP8")) == 6
    assert stream.counts.keys == 2
