"""Avatars that users make from a picture (contract opentalking 1.2)."""

import base64
import json
import re
import resource
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.pictures import bomb, decoded, encoded, portrait, turned
from tests.avatar.films import nodding, write
from visavis.avatar import Catalogue, Gallery
from visavis.avatar.gallery import slug
from visavis.settings import Settings

FORM = {"name": "Ada 一号!", "base_avatar_id": "ada"}
ID = re.compile(r"custom-Ada-一号-\d{8}-\d{6}-\d{3}")


async def make(client: httpx.AsyncClient, image: bytes | None = None, **form: Any) -> httpx.Response:
    files = {"image": ("x.png", portrait() if image is None else image)}
    return await client.post("/avatars/custom", data=FORM | form, files=files)


def places(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.data_dir / "avatars").iterdir())


@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp"])
async def test_an_avatar_is_made_of_a_picture(client: httpx.AsyncClient, settings: Settings, kind: str) -> None:
    answer = await make(client, portrait(kind))
    assert answer.status_code == 200
    made = answer.json()
    assert ID.fullmatch(made.pop("id"))
    # Head and shoulders of it, enlarged a little.
    assert (made["width"], made["height"]) == pytest.approx((342, 384), abs=12)
    assert made == {
        "name": "Ada 一号!",
        "model_type": "portrait",
        "width": made["width"],
        "height": made["height"],
        "is_custom": True,
        "person_mode": "single",
        "has_preview_video": False,
        "matting_status": "unknown",
        "duo_dialog": None,
        "client_renderer": None,
    }


async def test_it_is_in_the_catalogue_at_once_with_its_manifest_and_pictures(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    avatar_id = (await make(client)).json()["id"]
    assert avatar_id in {avatar["id"] for avatar in (await client.get("/avatars")).json()}
    manifest = (await client.get(f"/avatars/{avatar_id}")).json()
    assert manifest["metadata"]["custom_avatar"] is True
    assert manifest["metadata"]["base_avatar_id"] == "ada"
    assert (manifest["fps"], manifest["is_custom"]) == (25, True)
    assert len(manifest["metadata"]["animation"]["outer_lip"]) == 16
    place = settings.data_dir / "avatars" / avatar_id
    assert sorted(path.name for path in place.iterdir()) == ["manifest.json", "preview.png", "reference.png"]
    preview = await client.get(f"/avatars/{avatar_id}/preview")
    assert preview.headers["content-type"] == "image/png"
    assert decoded(preview.content).shape == (manifest["height"], manifest["width"], 3)
    assert not list((settings.data_dir / "uploads").iterdir())
    # Whoever carries the media has a catalogue of their own.
    assert Catalogue(settings).avatar(avatar_id).custom


async def test_the_way_a_photo_is_held_is_applied_and_what_it_tells_is_left_out(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    photo = turned(encoded(".jpg", 300, 200), 6)
    assert b"Somewhere" in photo
    avatar_id = (await make(client, photo, still="true")).json()["id"]
    kept = (settings.data_dir / "avatars" / avatar_id / "reference.png").read_bytes()
    assert b"Somewhere" not in kept
    assert b"Exif" not in kept
    pixels = decoded(kept)
    assert pixels.shape == (300, 200, 3)
    # Turned by a quarter: the left half is now above.
    assert pixels[20, 100, 2] > 200
    assert pixels[280, 100, 0] > 200


async def test_a_large_picture_is_made_to_fit(client: httpx.AsyncClient) -> None:
    made = (await make(client, encoded(".jpg", 3000, 2000), still="true")).json()
    assert (made["width"], made["height"]) == (1080, 720)


async def test_what_the_web_client_sends_beside_is_taken(client: httpx.AsyncClient) -> None:
    extras: dict[str, Any] = {"model": "wav2lip", "remove_background": "true", "person_mode": "double"}
    extras["video"] = ""
    answer = await make(client, **extras)
    assert answer.status_code == 200
    assert answer.json()["person_mode"] == "double"


@pytest.mark.parametrize(
    ("image", "detail"),
    [
        (b"", "image: must not be empty"),
        (b"hello", "image: the image has to be a JPEG, PNG or WebP file"),
        (b"GIF89a" + bytes(200), "image: the image has to be a JPEG, PNG or WebP file"),
        (encoded(".png")[:-40], "image: the image is cut off"),
        (encoded(".jpg")[:-200], "image: the image is cut off"),
        (encoded(".webp")[:-10], "image: the image is cut off"),
        (b"\x89PNG\r\n\x1a\n", "image: the image is cut off"),
        (b"\xff\xd8\xff", "image: the image is cut off"),
        (b"\xff\xd8\xff\xe0\x00", "image: the image is cut off"),
        (b"RIFF\x04\0\0\0WEBP", "image: the image is cut off"),
        (encoded(".png").replace(b"IDAT", b"IDAX"), "image: the image can't be decoded"),
        (encoded(".png", 4, 4), "image: the image has to be at least 8 pixels wide and high"),
        (encoded(".png", 900, 100), "image: one side of the image is more than 4 times as long as the other"),
        (bomb(20_000), "image: the image is 20000 x 20000 pixels; at most 25 million are taken"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_picture_is_refused(
    client: httpx.AsyncClient, settings: Settings, image: bytes, detail: str
) -> None:
    before = places(settings)
    answer = await make(client, image)
    assert (answer.status_code, answer.json()["detail"]) == (400, detail)
    assert places(settings) == before
    uploads = settings.data_dir / "uploads"
    assert not uploads.is_dir() or not list(uploads.iterdir())


async def test_a_bomb_takes_no_memory_here(client: httpx.AsyncClient) -> None:
    image = bomb(20_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (await make(client, image)).status_code == 400
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.parametrize(
    ("form", "status", "detail"),
    [
        ({"name": ""}, 400, "name: "),
        ({"name": "  "}, 400, "name: must be 1 to 100 characters"),
        ({"name": "n" * 101}, 400, "name: must be 1 to 100 characters"),
        ({"name": "a\0b"}, 400, "name: must not contain control characters"),
        ({"base_avatar_id": "nobody"}, 404, "avatar not found"),
        ({"base_avatar_id": "../ada"}, 404, "avatar not found"),
        ({"base_avatar_id": ""}, 400, "base_avatar_id: field required"),
        ({"video": "x"}, 400, "video: must be a file"),
        ({"points": "{"}, 400, "points: not valid JSON"),
        ({"points": "[1]"}, 400, "points: must be a JSON object"),
        ({"points": '{"chin": [9, 9]}'}, 400, "points: chin is outside of the picture"),
        ({"points": '{"chin": 1' + "0" * 20_000 + "}"}, 400, "points: "),
        ({"consent_text": "v1"}, 400, "consent_by: say who agreed to this text"),
    ],
)
async def test_bad_fields(client: httpx.AsyncClient, form: Any, status: int, detail: str) -> None:
    answer = await make(client, **form)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)


async def test_a_missing_image_and_a_video_are_refused_with_a_reason(client: httpx.AsyncClient) -> None:
    answer = await client.post("/avatars/custom", data=FORM)
    assert (answer.status_code, answer.json()["detail"]) == (400, "image: field required")
    answer = await client.post("/avatars/custom", data=FORM, files={"video": ("a.mp4", b"ftyp")})
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "video: the image has to be a JPEG, PNG or WebP file",
    )
    both = {"image": ("a.jpg", portrait()), "video": ("a.mp4", b"ftyp")}
    answer = await client.post("/avatars/custom", data=FORM, files=both)
    assert (answer.status_code, answer.json()["detail"]) == (400, "video: send either an image or a video")
    answer = await client.post("/avatars/custom", json=FORM)
    assert answer.status_code == 400
    answer = await client.post("/avatars/custom", data=FORM | {"image": "text"})
    assert answer.status_code == 400


async def test_an_upload_over_the_limit_is_413(client: httpx.AsyncClient) -> None:
    over = encoded(".png") + bytes(10 * 1024 * 1024)
    answer = await make(client, over)
    assert (answer.status_code, answer.json()["detail"]) == (413, "image: at most 10 MiB are accepted")
    answer = await make(client, over + bytes(41 * 1024 * 1024))
    assert answer.status_code == 413


async def test_a_picture_without_a_face_says_what_to_do(client: httpx.AsyncClient) -> None:
    answer = await make(client, encoded(".png", 300, 300))
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("image: no face was found; use a photo of one person")


async def test_a_film_becomes_an_avatar_too(client: httpx.AsyncClient, tmp_path: Path) -> None:
    film = write(tmp_path / "a.mp4", [nodding(number)[0] for number in range(30)])
    files = {"video": ("a.mp4", film.read_bytes()), "image": ("", b"")}
    answer = await client.post("/avatars/custom", data=FORM, files=files)
    assert answer.status_code == 200, answer.text
    manifest = (await client.get(f"/avatars/{answer.json()['id']}")).json()
    assert manifest["metadata"]["reference_mode"] == "frames"


async def test_a_photo_is_looked_at_before_an_avatar_is_made_with_points_that_were_moved(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    found = (await client.post("/avatars/analyze", files={"image": ("a.jpg", portrait())})).json()
    assert found["problem"] == ""
    image = base64.b64decode(found["image"])
    assert decoded(image).shape == (found["height"], found["width"], 3)
    points = {"chin": [0.5, found["animation"]["chin"][1] + 0.01]}
    told = {"consent_by": "Eileen Collins", "consent_text": "portrait-1"}
    made = (await make(client, image, points=json.dumps(points), **told)).json()
    assert (made["width"], made["height"]) == (found["width"], found["height"])
    metadata = (await client.get(f"/avatars/{made['id']}")).json()["metadata"]
    assert metadata["animation"]["chin"] == pytest.approx(points["chin"], abs=0.002)
    assert metadata["consent"]["by"] == "Eileen Collins"


async def test_a_photo_that_will_not_do_is_answered_with_what_is_wrong(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    answer = await client.post("/avatars/analyze", files={"image": ("a.png", encoded(".png", 300, 300))})
    found = answer.json()
    assert (answer.status_code, found["animation"], found["width"]) == (200, None, 300)
    assert found["problem"].startswith("no face was found")
    answer = await client.post("/avatars/analyze", files={"image": ("a.png", b"hello")})
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "image: the image has to be a JPEG, PNG or WebP file",
    )
    assert not list((settings.data_dir / "uploads").iterdir())
    assert not list((settings.data_dir / "cache" / "portraits").iterdir())


async def test_an_avatar_is_deleted(client: httpx.AsyncClient, settings: Settings) -> None:
    avatar_id = (await make(client)).json()["id"]
    answer = await client.delete(f"/avatars/{avatar_id}")
    assert (answer.status_code, answer.json()) == (
        200,
        {"deleted": True, "avatar_id": avatar_id, "status": "deleted"},
    )
    assert (await client.get(f"/avatars/{avatar_id}")).status_code == 404
    assert (await client.delete(f"/avatars/{avatar_id}")).status_code == 404
    assert not (settings.data_dir / "avatars" / avatar_id).exists()


@pytest.mark.parametrize(
    ("avatar_id", "status"), [("ada", 403), ("demo-avatar", 403), ("nobody", 404), ("%2e%2e%2fada", 404)]
)
async def test_what_can_not_be_deleted(client: httpx.AsyncClient, avatar_id: str, status: int) -> None:
    answer = await client.delete(f"/avatars/{avatar_id}")
    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


async def test_an_operators_bundle_that_calls_itself_custom_stays(settings: Settings, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs" / "custom-x"
    theirs.mkdir(parents=True)
    manifest = {"id": "custom-x", "width": 64, "height": 64, "metadata": {"custom_avatar": True}}
    (theirs / "manifest.json").write_text(json.dumps(manifest))
    settings = settings.model_copy(update={"avatars_dir": theirs.parent})
    avatar = Catalogue(settings).avatar("custom-x")
    with pytest.raises(Exception, match="came with the server"):
        Gallery(settings).delete(avatar)
    assert (theirs / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Ada", "Ada"),
        ("  Frau Müller ", "Frau-M-ller"),
        ("数字人 小明", "数字人-小明"),
        ("../../etc/passwd", "etc-passwd"),
        ("a_b-c", "a_b-c"),
        ("!?", "avatar"),
        ("😀", "avatar"),
        ("x" * 50, "x" * 32),
    ],
)
def test_slugs(name: str, part: str) -> None:
    assert slug(name) == part


async def test_two_avatars_of_one_millisecond_have_two_ids(settings: Settings, tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    picture.write_bytes(encoded(".png", 128, 128))
    gallery = Gallery(settings, now=lambda: datetime(2026, 5, 1, 12, 30, 59, 999_000, tzinfo=UTC))
    base = Catalogue(settings).avatar("ada")
    ids = [gallery.add("Ada", base, picture, (128, 128), {}).id for _ in range(2)]
    assert ids == ["custom-Ada-20260501-123059-999", "custom-Ada-20260501-123100-000"]


async def test_prewarm(client: httpx.AsyncClient) -> None:
    answer = await client.post("/avatars/ada/prewarm", json={"model": "mock"})
    assert (answer.status_code, answer.json()) == (
        200,
        {"avatar_id": "ada", "model": "mock", "status": "ready"},
    )
    assert (await client.post("/avatars/ada/prewarm")).json()["model"] == "portrait"
    assert (await client.post("/avatars/nobody/prewarm", json={"model": "mock"})).status_code == 404
    answer = await client.post("/avatars/ada/prewarm", json={"model": "flashtalk"})
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "model 'flashtalk' is not connected: it is not installed",
    )


async def test_preview_video(client: httpx.AsyncClient, settings: Settings) -> None:
    assert (await client.get("/avatars/ada/preview-video")).status_code == 404
    (settings.data_dir / "avatars" / "ada" / "preview.mp4").write_bytes(b"film")
    answer = await client.get("/avatars/ada/preview-video")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"film", "video/mp4")
    assert (await client.get("/avatars")).json()[1]["has_preview_video"] is True


async def test_the_document_says_what_is_sent(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    operation = document["paths"]["/avatars/custom"]["post"]
    (content,) = operation["requestBody"]["content"].values()
    fields = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    assert {"name", "base_avatar_id"} == set(fields["required"])
    assert {"400", "404", "413"} <= operation["responses"].keys()
    assert {"403", "404"} <= document["paths"]["/avatars/{avatar_id}"]["delete"]["responses"].keys()
