"""Files from strangers: the good ones are read as they look, the hostile ones cost nothing and get a sentence."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from typing import Any

import pytest
from PIL import Image

from bot.attachments import KEPT_PIXELS, MAX_BYTES, check_bytes, decode, decode_mask, kept_size, smaller
from pipeline.errors import InvalidRequest
from tests.support.pictures import saved, two_colours


def a_picture(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    return two_colours(width, height).convert(mode)


def chunk(name: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, packed: bytes) -> bytes:
    """A PNG file of 1 bit a pixel that claims a size."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def refusal(data: bytes) -> str:
    """What a member reads when this file is refused."""
    with pytest.raises(InvalidRequest) as caught:
        decode(data)
    return caught.value.text


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("JPEG", {"quality": 95}), ("WEBP", {}), ("WEBP", {"lossless": True})]
)
def test_pictures_are_read_by_what_they_are(kind: str, options: dict[str, Any]) -> None:
    """Size and colours, of each kind."""
    picture = decode(saved(a_picture(), kind, **options))
    assert (picture.size, picture.mode) == ((64, 48), "RGB")
    red, blue = picture.getpixel((8, 24)), picture.getpixel((56, 24))
    assert red[0] > 230 > 40 > red[2]  # type: ignore[index]
    assert blue[2] > 230 > 40 > blue[0]  # type: ignore[index]


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK"])
def test_every_colour_mode_becomes_rgb(mode: str) -> None:
    """As it looks."""
    kind = "TIFF" if mode == "CMYK" else "PNG"
    data = saved(a_picture(mode=mode), "JPEG" if kind == "TIFF" else kind)
    assert decode(data).mode == "RGB"


def test_sixteen_bits_are_not_cut_off() -> None:
    """Half grey stays half grey."""
    grey = Image.new("I;16", (32, 32), 32768)
    assert decode(saved(grey)).getpixel((5, 5)) == (128, 128, 128)


def test_what_is_transparent_becomes_white() -> None:
    """And not the black that lies under it."""
    picture = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    assert decode(saved(picture)).getpixel((5, 5)) == (255, 255, 255)


def test_a_photo_is_turned_upright() -> None:
    """As its camera noted."""
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(saved(a_picture(), "JPEG", exif=exif)).size == (48, 64)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"MZ\x90\x00 this is a program", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (b"\x00\x00\x00\x20ftypavif" + bytes(50), "AVIF"),
        (b"GIF89a" + bytes(50), "GIF"),
        (b"\x89PNG\r\n\x1a\n nonsense", "damaged"),
        (b"\xff\xd8\xff\xe0 nonsense", "damaged"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "damaged"),
    ],
)
def test_what_is_no_picture_is_said(data: bytes, said: str) -> None:
    """By its bytes, whatever it is called."""
    assert said in refusal(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_what_was_cut_short_is_said(kind: str, part: float) -> None:
    """A picture with a grey lower half is not what the member sent."""
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    data = saved(noise, kind)
    assert "cut short" in refusal(data[: int(len(data) * part)])


def test_two_hundred_megapixels_in_a_few_kilobytes() -> None:
    """Refused by the header, at once, with no memory taken."""
    packed = zlib.compress(zlib.compress(bytes(25_000_000), 9), 9)
    bomb = png(20_000, 10_000, zlib.compress(bytes(1000)) + packed[:2000])
    assert len(bomb) < 3_000
    tracemalloc.start()
    before = time.perf_counter()
    said = refusal(bomb)
    assert "too large" in said
    assert time.perf_counter() - before < 0.5
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_a_webp_that_claims_to_be_huge() -> None:
    """Its header is read before the library makes room for it."""
    data = bytearray(saved(a_picture(), "WEBP", lossless=True))
    data[21:25] = (16382 | 16382 << 14).to_bytes(4, "little")
    assert "16383 x 16383" in refusal(bytes(data))


@pytest.mark.parametrize("size", [(1, 100_000), (100_000, 1), (3, 3)])
def test_lines_and_dots_are_refused(size: tuple[int, int]) -> None:
    """Nothing can be painted from them."""
    assert f"{size[0]} x {size[1]}" in refusal(saved(Image.new("L", size)))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations_are_refused(kind: str) -> None:
    """One would have to choose a frame, and that is for the member."""
    frames = [a_picture(), a_picture().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    assert "moves" in refusal(saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50))


def test_a_jpeg_of_thousands_of_scans_is_refused() -> None:
    """Each is cheap to send, and costs a pass over the whole picture."""
    data = saved(a_picture(), "JPEG")
    assert "layers" in refusal(data[:-2] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 5000 + data[-2:])


def test_layers_count_by_their_size() -> None:
    """Thirty are nothing in a small picture and half a minute in a large one."""
    scans = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * 30
    data = saved(Image.new("L", (6000, 4000)), "JPEG")
    assert "layers" in refusal(data[:-2] + scans + data[-2:])


def test_a_phone_s_photo_with_a_second_picture_in_it_is_read() -> None:
    """Phones keep a depth or brightness map in the same file; nothing moves."""
    data = saved(a_picture(), "MPO", save_all=True, append_images=[a_picture().convert("L")])
    assert decode(data).size == (64, 48)


def test_bytes_are_counted_first() -> None:
    """Before anything is read."""
    assert "25 MB is the most" in refusal(bytes(MAX_BYTES + 1))
    check_bytes(MAX_BYTES)


def test_a_large_picture_is_kept_smaller() -> None:
    """In its own shape."""
    kept = smaller(Image.new("RGB", (6000, 3000)))
    assert kept.width * kept.height <= KEPT_PIXELS
    assert kept.width / kept.height == pytest.approx(2, abs=0.01)
    assert kept_size(800, 600) == (800, 600)


# -- masks -------------------------------------------------------------------------------------------------------


def test_a_mask_is_black_and_white() -> None:
    """A soft brush's edge is decided at half grey."""
    mask = Image.linear_gradient("L").resize((64, 48))
    found = decode_mask(saved(mask), (64, 48))
    assert sorted(set(found.tobytes())) == [0, 255]
    assert found.getpixel((5, 2)) == 0
    assert found.getpixel((5, 46)) == 255


def test_a_mask_of_another_size_is_refused() -> None:
    """Where it belongs would be a guess."""
    with pytest.raises(InvalidRequest, match="32 x 32 pixels, and the picture 64 x 48"):
        decode_mask(saved(Image.new("L", (32, 32), 255)), (64, 48))


def test_a_black_mask_is_refused() -> None:
    """It would paint nothing."""
    with pytest.raises(InvalidRequest, match="Nothing in the mask is white"):
        decode_mask(saved(Image.new("L", (64, 48))), (64, 48))
