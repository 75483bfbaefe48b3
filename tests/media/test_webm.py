from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.moving_picture import FPS, HEIGHT, WIDTH, likeness, picture
from tests.media.test_containers import Film, speech
from visavis.media.encoding import plane_view
from visavis.media.pictures import Alpha, Picture
from visavis.media.samples import rms
from visavis.media.webm import WebmWriter
from visavis.testing.transport import check_transport
from visavis.transport.file import FileTransport


def disc(_: Picture | None = None) -> Alpha:
    """Something round with a soft edge."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot(x - WIDTH / 2, y - HEIGHT / 2)
    return np.asarray(np.clip((HEIGHT / 3 - away) * 64 + 128, 0, 255), dtype=np.uint8)


def alphas(path: Path) -> list[Alpha]:
    """By what each picture is transparent: FFmpeg's own decoder of VP9 leaves that out, libvpx does not."""
    found = []
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert video.metadata["alpha_mode"] == "1"
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        for packet in container.demux(video):
            for frame in decoder.decode(packet if packet.size else None):
                assert frame.format.name == "yuva420p"
                found.append(plane_view(frame.planes[3]).copy())
    return found


def write(path: Path, writer: WebmWriter, packets: int = 50) -> None:
    for chunk in speech(packets):
        writer.write(chunk)
    writer.close()


def test_a_film_says_and_shows_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    write(path, WebmWriter(path, WIDTH, HEIGHT, FPS))
    with av.open(str(path)) as container:
        assert [stream.codec_context.name for stream in container.streams] == ["vp9", "opus"]
        assert "alpha_mode" not in container.streams.video[0].metadata
        assert container.duration == pytest.approx(1_000_000, abs=30_000)
    made = Film(path)
    assert made.starts == [0, 0]
    assert len(made.pictures) == 25
    for i, pixels in enumerate(made.pictures):
        assert likeness(pixels, picture(i)) > 30
    assert rms(made.sound[4000:40_000]) == pytest.approx(8000 / np.sqrt(2), rel=0.05)
    assert list(tmp_path.iterdir()) == [path]


def test_a_film_with_alpha_is_transparent_where_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    write(path, WebmWriter(path, WIDTH, HEIGHT, FPS, disc))
    found = alphas(path)
    assert len(found) == 25
    expected = disc()
    for alpha in found:
        assert alpha[:12, :12].max() == 0
        assert alpha[HEIGHT // 2 - 12 : HEIGHT // 2 + 12, WIDTH // 2 - 12 : WIDTH // 2 + 12].min() == 255
        soft = (expected > 40) & (expected < 215)
        assert np.abs(alpha[soft].astype(int) - expected[soft]).mean() < 30
    assert likeness(Film(path).pictures[20], picture(20)) > 30


def test_each_picture_has_the_alpha_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    shades = iter(range(0, 250, 10))
    write(path, WebmWriter(path, WIDTH, HEIGHT, FPS, lambda _: np.full((HEIGHT, WIDTH), next(shades), np.uint8)))
    means = [float(alpha.mean()) for alpha in alphas(path)]
    assert means == pytest.approx(list(range(0, 250, 10)), abs=4)


def test_an_aborted_film_leaves_nothing(tmp_path: Path) -> None:
    writer = WebmWriter(tmp_path / "a.webm", WIDTH, HEIGHT, Fraction(25), disc)
    for chunk in speech(20):
        writer.write(chunk)
    writer.abort()
    writer.close()
    assert list(tmp_path.iterdir()) == []


async def test_the_file_transport_keeps_the_contract_with_it(tmp_path: Path) -> None:
    await check_transport(FileTransport(WebmWriter(tmp_path / "a.webm", 64, 64, FPS)))
    with av.open(str(tmp_path / "a.webm")) as container:
        assert container.duration == pytest.approx(2_500_000, abs=50_000)
