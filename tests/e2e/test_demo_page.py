"""The first thing a newcomer does: open the demo page, type /imagine, and see a picture."""

from __future__ import annotations

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.e2e.walker import Walker

PATIENCE = 90


def test_a_newcomer_paints_a_picture(address: str, browser: webdriver.Chrome) -> None:
    """`/imagine`, a few tags, Enter: the picture appears in the page, decoded and in its size."""
    browser.get(address)
    walker = Walker(browser)
    walker.type("imagine", "1girl, green hair, beanie, night")
    walker.reads("green hair, beanie")
    size = WebDriverWait(browser, PATIENCE).until(
        lambda b: b.execute_script(
            "const i = [...document.querySelectorAll('img')].find(i => i.naturalWidth >= 200);"
            "return i ? [i.naturalWidth, i.naturalHeight] : null"
        )
    )
    assert size == [256, 256]
    assert "green hair" in browser.find_element(By.TAG_NAME, "body").text
