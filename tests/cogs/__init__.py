"""Tests of `cogs`: the real bot on a simulated Discord."""
