"""A short walk of a moderator through the demo: a rule, its refusal, and the log that has it."""

from __future__ import annotations

from selenium import webdriver

from tests.e2e.walker import Walker


def test_a_moderator_sets_a_rule_and_reads_of_it(address: str, browser: webdriver.Chrome) -> None:
    """The rule refuses a member in other letters, and is in the log."""
    browser.get(address)
    walker = Walker(browser)
    walker.become("Moderator")
    walker.type("mod rule add", "sword*")
    walker.reads("#1 blocks sword*")
    walker.become("Guest")
    walker.type("imagine", "1girl, S W 0 R D, night")
    walker.reads("does not allow S W 0 R D")
    walker.become("Moderator")
    walker.type("mod audit recent")
    walker.reads("rule.add · @Moderator · sword*")
