import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

PICTURE = (Path(__file__).parent / "wherry.png").read_bytes()


@pytest.fixture
def post(wherry_invoke):
    return lambda body, query="": wherry_invoke(method="POST", path=f"/{query}", body=body)


def picture(mode, size, form):
    made = io.BytesIO()
    Image.new(mode, size).save(made, form)
    return made.getvalue()


def huge():
    """A PNG of a few hundred bytes that says it is 30,000 pixels a side."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("query", "size"),
    [("", (128, 85)), ("?side=64", (64, 43)), ("?side=1024", (480, 320)), ("?side=x", (128, 85))],
)
def test_it_makes_a_smaller_png_of_the_same_shape(post, query, size):
    answer = post(PICTURE, query)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(answer.body)) as small:
        assert (small.format, small.size) == ("PNG", size)


def test_it_is_the_same_picture(post):
    with Image.open(io.BytesIO(post(PICTURE, "?side=48").body)) as small:
        red, green, blue, alpha = small.getpixel((27, 16))
    assert (red > 2 * green, red > 2 * blue, alpha) == (True, True, 255), "the sail is red"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_it_reads_the_formats_of_the_web(post, form, mode):
    assert post(picture(mode, (300, 200), form)).status == 200


@pytest.mark.parametrize(
    ("body", "query", "status"),
    [
        (b"", "", 415),
        (b"not a picture", "", 415),
        (picture("RGB", (8, 8), "BMP"), "", 415),
        (PICTURE[:2000], "", 422),
        (PICTURE, "?side=0", 422),
        (PICTURE, "?side=1025", 422),
        (huge(), "", 413),
    ],
    ids=["empty", "text", "bmp", "cut short", "too small", "too large", "bomb"],
)
def test_what_cannot_be_made_smaller_is_refused_with_a_reason(post, body, query, status):
    answer = post(body, query)
    assert (answer.status, answer.json["status"]) == (status, status)
    assert answer.json["detail"]


def test_a_get_is_told_what_is_allowed(wherry_invoke):
    answer = wherry_invoke()
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
