"""Measured speeds, and small things to remember."""

from __future__ import annotations

import math

import pytest

from db.database import Database
from db.keyvalue import KeyValue
from db.speeds import WEIGHT, Speeds


async def test_the_first_measurement_is_the_speed(db: Database) -> None:
    """Cost per second."""
    speeds = Speeds(db)
    assert await speeds.record("a", cost=100, seconds=4) == pytest.approx(25)
    assert await speeds.all() == {"a": pytest.approx(25)}


async def test_later_measurements_move_the_average(db: Database) -> None:
    """By their weight, in seconds per cost."""
    speeds = Speeds(db)
    await speeds.record("a", cost=1, seconds=1)
    await speeds.record("a", cost=1, seconds=2)
    assert await speeds.all() == {"a": pytest.approx(1 / (1 + WEIGHT))}


async def test_models_are_measured_apart(db: Database) -> None:
    """One does not change the other."""
    speeds = Speeds(db)
    await speeds.record("a", cost=10, seconds=1)
    await speeds.record("b", cost=20, seconds=1)
    assert await speeds.all() == {"a": pytest.approx(10), "b": pytest.approx(20)}


@pytest.mark.parametrize(
    ("cost", "seconds"), [(0, 1), (1, 0), (-1, 1), (math.nan, 1), (1, math.inf), (1e300, 1e-300)]
)
async def test_nonsense_is_left_out(db: Database, cost: float, seconds: float) -> None:
    """A clock that jumped does not spoil the average."""
    speeds = Speeds(db)
    assert await speeds.record("a", cost, seconds) is None
    assert await speeds.all() == {}


async def test_a_value_is_remembered_and_replaced(db: Database) -> None:
    """None before it was set."""
    store = KeyValue(db)
    assert await store.get("tree") is None
    await store.set("tree", "1")
    await store.set("tree", "2")
    assert await store.get("tree") == "2"
