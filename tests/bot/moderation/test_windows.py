"""The sliding window, against its definition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.moderation.windows import Spent, free_at, used

NOW = 1_000_000.0
WINDOW = 100.0
SPENT = st.lists(
    st.builds(Spent, st.integers(999_800, 1_000_000).map(float), st.integers(0, 5).map(float)), max_size=30
)


@given(spent=SPENT)
def test_what_counts_is_what_is_younger_than_the_window(spent: list[Spent]) -> None:
    """Whatever the order."""
    assert used(spent, WINDOW, NOW) == sum(s.amount for s in spent if NOW - s.at < WINDOW)


@given(spent=SPENT, limit=st.integers(0, 40), needed=st.integers(0, 40))
def test_the_moment_is_the_first_at_which_it_fits(spent: list[Spent], limit: int, needed: int) -> None:
    """At that moment it does, and just before it does not."""
    when = free_at(spent, limit, needed, WINDOW, NOW)
    if when is None:
        assert needed > limit
        return
    assert NOW <= when <= NOW + WINDOW
    assert used(spent, WINDOW, when) + needed <= limit
    if when > NOW:
        assert used(spent, WINDOW, when - 0.5) + needed > limit


@given(moments=st.lists(st.floats(0, 1000), max_size=60), limit=st.integers(0, 10))
def test_nobody_ever_gets_more_than_the_limit_in_any_window(moments: list[float], limit: int) -> None:
    """Whoever asks whenever: what was allowed fits in every window that one can draw."""
    allowed: list[Spent] = []
    for now in sorted(moments):
        if free_at(allowed, limit, 1, WINDOW, now) == now:
            allowed.append(Spent(now, 1.0))
    for end in (each.at for each in allowed):
        assert sum(end - WINDOW < each.at <= end for each in allowed) <= limit


@given(moments=st.lists(st.floats(0, 1000), min_size=1, max_size=40), limit=st.integers(1, 10))
def test_who_comes_back_when_told_is_let_in(moments: list[float], limit: int) -> None:
    """The refusal keeps its promise."""
    spent = [Spent(at, 1.0) for at in moments]
    when = free_at(spent, limit, 1, WINDOW, max(moments))
    assert when is not None
    assert free_at(spent, limit, 1, WINDOW, when) == when
