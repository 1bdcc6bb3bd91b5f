"""Pictures that members have handed in."""

from __future__ import annotations

from db.database import Database
from db.gallery import Gallery
from db.sources import NewSource, Sources


def new(user: int = 7, sha256: str = "aa", guild: int = 9, rating: str | None = None) -> NewSource:
    """A file of somebody's."""
    return NewSource(
        sha256=sha256,
        file=f"sources/{sha256}.png",
        user_id=user,
        user_name="Mia",
        guild_id=guild,
        rating=rating,
    )


async def test_it_is_found_by_its_hash(db: Database) -> None:
    """As a picture of ours is."""
    await Sources(db).add(new())
    found = await Gallery(db).file_of("aa")
    assert found is not None
    assert (found.file, found.job_id) == ("sources/aa.png", None)
    assert await Gallery(db).file_of("bb") is None
    assert await Sources(db).ratings_of("aa") == (None,)
    assert await Sources(db).ratings_of("bb") == ()


async def test_handing_in_again_keeps_the_rating(db: Database) -> None:
    """What was known stays known."""
    for rating in (None, "sensitive", None):
        await Sources(db).add(new(rating=rating))
    assert await Sources(db).ratings_of("aa") == ("sensitive",)


async def test_forgetting_a_member_spares_what_others_have_handed_in(db: Database) -> None:
    """In whatever guild; the files are named that nobody has any more."""
    sources = Sources(db)
    for each in (new(), new(guild=10), new(sha256="bb"), new(user=8)):
        await sources.add(each)
    assert await sources.forget(7) == ("sources/bb.png",)
    assert await sources.ratings_of("aa") == (None,)
    assert await sources.forget(8) == ("sources/aa.png",)
    assert await Gallery(db).file_of("aa") is None
    assert await sources.forget(8) == ()
