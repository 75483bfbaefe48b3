import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.media.decoding import Pictures
from tests.media.moving_picture import HEIGHT, WIDTH, clip, likeness
from visavis.media import loops
from visavis.media.encoding import VideoCodec
from visavis.media.loops import MAX_KBPS, EncodedLoop, LoopStore, encode_loop
from visavis.media.pictures import LoopClip

both = pytest.mark.parametrize("codec", ["VP8", "H264"])


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were encoded."""
    made: list[str] = []

    def counted(clip: LoopClip, codec: VideoCodec, path: Path) -> None:
        made.append(path.name)
        encode_loop(clip, codec, path)

    monkeypatch.setattr(loops, "encode_loop", counted)
    return made


@both
async def test_every_packet_decodes_after_the_one_before_it_around_the_end_too(
    codec: VideoCodec, tmp_path: Path
) -> None:
    moving = clip()
    loop = await LoopStore(tmp_path).encoded(moving, codec)
    assert len(loop) == len(moving)
    decoder = Pictures(codec)
    for i in [*range(20), *range(20), *range(5)]:
        assert likeness(decoder.decode(loop.packet(i).data), moving.frames[i]) > 30


@both
async def test_a_decoder_can_join_at_every_multiple_of_the_key_interval(codec: VideoCodec, tmp_path: Path) -> None:
    moving = clip()
    loop = await LoopStore(tmp_path).encoded(moving, codec)
    assert [i for i in range(20) if loop.packet(i).key] == [0, 5, 10, 15]
    for i in (5, 10, 15):
        decoder = Pictures(codec)
        for j in (i, i + 1):
            assert likeness(decoder.decode(loop.packet(j).data), moving.frames[j]) > 30


@both
async def test_noise_does_not_go_far_beyond_the_mean_bit_rate(codec: VideoCodec, tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    still = random.integers(0, 255, (HEIGHT * 3 // 2, WIDTH), dtype=np.uint8)
    frames = [np.roll(still, i % 3, axis=1) for i in range(100)]
    noise = LoopClip("noise", frames, WIDTH, HEIGHT, clip().fps, 25)
    loop = await LoopStore(tmp_path).encoded(noise, codec)
    assert sum(len(loop.packet(i).data) for i in range(100)) * 8 / 4 < MAX_KBPS * 1000 * 1.5


async def test_a_loop_is_encoded_once_however_many_ask(tmp_path: Path, builds: list[str]) -> None:
    store = LoopStore(tmp_path)
    first, second = await asyncio.gather(store.encoded(clip(), "VP8"), store.encoded(clip(), "VP8"))
    assert first is second
    assert await store.encoded(clip(), "VP8") is first
    assert builds == ["moving.vp8.loop"]


async def test_codecs_and_clips_have_files_of_their_own(tmp_path: Path, builds: list[str]) -> None:
    store = LoopStore(tmp_path)
    await asyncio.gather(
        store.encoded(clip(), "VP8"), store.encoded(clip(), "H264"), store.encoded(clip("other"), "VP8")
    )
    files = ["moving.h264.loop", "moving.vp8.loop", "other.vp8.loop"]
    assert sorted(builds) == files
    assert names(tmp_path) == files


async def test_the_next_process_finds_it_in_the_directory(tmp_path: Path, builds: list[str]) -> None:
    made = await LoopStore(tmp_path).encoded(clip(), "VP8")
    found = await LoopStore(tmp_path).encoded(clip(), "VP8")
    assert len(builds) == 1
    assert [found.packet(i) for i in range(20)] == [made.packet(i) for i in range(20)]


async def test_one_can_look_without_waiting(tmp_path: Path) -> None:
    store = LoopStore(tmp_path)
    assert store.peek(clip(), "VP8") is None
    loop = await store.encoded(clip(), "VP8")
    assert store.peek(clip(), "VP8") is loop
    assert store.peek(clip(), "H264") is None


@pytest.mark.parametrize("damage", [b"", b"not a loop at all", b"vvloop1\n" + bytes(200)])
async def test_a_damaged_file_is_made_anew(tmp_path: Path, builds: list[str], damage: bytes) -> None:
    (tmp_path / "moving.vp8.loop").write_bytes(damage)
    loop = await LoopStore(tmp_path).encoded(clip(), "VP8")
    assert loop.packet(0).key
    assert len(builds) == 1


async def test_half_a_file_is_made_anew(tmp_path: Path, builds: list[str]) -> None:
    path = tmp_path / "moving.vp8.loop"
    encode_loop(clip(), "VP8", path)
    path.write_bytes(path.read_bytes()[:-100])
    await LoopStore(tmp_path).encoded(clip(), "VP8")
    assert len(builds) == 1


async def test_a_file_of_another_shape_is_made_anew(tmp_path: Path, builds: list[str]) -> None:
    encode_loop(clip(key_interval=10), "VP8", tmp_path / "moving.vp8.loop")
    loop = await LoopStore(tmp_path).encoded(clip(key_interval=5), "VP8")
    assert loop.packet(5).key
    assert len(builds) == 1


async def test_someone_who_gives_up_does_not_take_it_from_the_others(tmp_path: Path) -> None:
    store = LoopStore(tmp_path)
    impatient = asyncio.create_task(store.encoded(clip(), "VP8"))
    patient = asyncio.create_task(store.encoded(clip(), "VP8"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert isinstance(await patient, EncodedLoop)
    assert impatient.cancelled()


async def test_what_failed_can_be_tried_again(tmp_path: Path) -> None:
    place = tmp_path / "loops"
    place.write_text("a file where the directory should be")
    store = LoopStore(place)
    with pytest.raises(OSError, match="loops"):
        await store.encoded(clip(), "VP8")
    assert store.peek(clip(), "VP8") is None
    place.unlink()
    assert len(await store.encoded(clip(), "VP8")) == 20
    assert names(place) == ["moving.vp8.loop"]


async def test_only_so_many_are_kept_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "READY", 2)
    store, clips = LoopStore(tmp_path), [clip(f"clip{number}") for number in range(3)]
    for each in clips:
        await store.encoded(each, "VP8")
    assert [store.peek(each, "VP8") is not None for each in clips] == [False, True, True]
    assert len(await store.encoded(clips[0], "VP8")) == 20
