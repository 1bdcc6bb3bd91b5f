"""The first thing a newcomer does: open the demo page, type /imagine, and see a picture."""

from __future__ import annotations

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 90


def test_a_newcomer_paints_a_picture(address: str, browser: webdriver.Chrome) -> None:
    """`/imagine`, a few tags, Enter: the picture appears in the page, decoded and in its size."""
    browser.get(address)
    wait = WebDriverWait(browser, PATIENCE)
    composer = wait.until(lambda b: b.find_element(By.ID, "channel-composer-input"))
    wait.until(lambda _: composer.is_displayed() and composer.is_enabled())
    composer.send_keys("/imagine")
    wait.until(lambda b: "Paint" in b.page_source)
    composer.send_keys(Keys.ENTER)
    wait.until(lambda b: "prompt" in (b.switch_to.active_element.get_attribute("aria-label") or ""))
    browser.switch_to.active_element.send_keys("1girl, green hair, beanie, night", Keys.ENTER)
    size = wait.until(
        lambda b: b.execute_script(
            "const i = [...document.querySelectorAll('img')].find(i => i.naturalWidth >= 200);"
            "return i ? [i.naturalWidth, i.naturalHeight] : null"
        )
    )
    assert size == [256, 256]
    assert "green hair" in browser.find_element(By.TAG_NAME, "body").text
