"""Previews: what the board keeps of them, and the file made of them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.board import MAX_PREVIEWS, Board, LiveImage
from bot.previews import MAX_SIDE, encode
from pipeline.work import Preview


def preview(image_id: int = 1, step: int = 1, width: int = 16, height: int = 24) -> Preview:
    """A white one."""
    return Preview(image_id, step, width, height, b"\xff" * (width * height * 3))


def board(images: int) -> Board:
    """One job with all its pictures in the engine; ids from 10 on."""
    made = Board()
    made.open(1, 1, 1, "miniature", images)
    for place in range(images):
        made.images[10 + place] = LiveImage(1, 0, 25, place)
    return made


def shown(made: Board) -> list[tuple[int, int] | None]:
    """Picture and step of each preview."""
    live = made.get(1)
    assert live is not None
    return [None if each is None else (each.id, each.step) for each in made.previews_of(live)]


def test_the_newest_of_each_picture_is_kept_in_its_place() -> None:
    """Nothing at all until there is one."""
    made = board(3)
    assert shown(made) == []
    for step in (1, 2, 3):
        made.show(preview(11, step))
    made.show(preview(12, 1))
    assert shown(made) == [None, (11, 3), (12, 1)]


def test_of_many_pictures_those_that_changed_last_are_kept() -> None:
    """Memory stays bounded, however many pictures a job has."""
    made = board(9)
    for place in range(9):
        made.show(preview(10 + place))
    made.show(preview(15, 2))
    assert shown(made) == [(15, 2), (16, 1), (17, 1), (18, 1)]
    assert len(shown(made)) == MAX_PREVIEWS


def test_a_failed_picture_and_a_stranger_leave_nothing() -> None:
    """A preview that comes after its picture has left is dropped."""
    made = board(2)
    made.show(preview(10))
    made.unshow(10)
    made.show(preview(99))
    assert shown(made) == []


@pytest.mark.parametrize(
    ("count", "size"), [(1, (171, 256)), (2, (342, 256)), (3, (342, 512)), (4, (342, 512))]
)
def test_up_to_four_are_one_small_picture(count: int, size: tuple[int, int]) -> None:
    """Two in a row, no side of one longer than 256 pixels."""
    with Image.open(io.BytesIO(encode([preview()] * count))) as picture:
        assert (picture.format, picture.size) == ("JPEG", size)
        assert max(size) <= 2 * MAX_SIDE


def test_a_large_one_is_made_smaller() -> None:
    """Of a very large picture even the latents are many."""
    with Image.open(io.BytesIO(encode([preview(width=512, height=256)]))) as picture:
        assert picture.size == (256, 128)


def test_what_has_not_begun_is_left_dark() -> None:
    """The others keep their places."""
    with Image.open(io.BytesIO(encode([None, preview()]))) as picture:
        grey = picture.convert("L").tobytes()
        assert (grey[10] < 80, grey[200] > 240) == (True, True)


@pytest.mark.parametrize("previews", [[], [None], [Preview(1, 1, 8, 8, b"short")]])
def test_what_cannot_be_drawn_is_an_error(previews: list[Preview | None]) -> None:
    """Whoever shows progress goes on without it."""
    with pytest.raises(ValueError):
        encode(previews)
