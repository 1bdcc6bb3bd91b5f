"""The first thing a newcomer does: open the demo page, type /imagine, and see a picture."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1280,1000",
)  # fmt: skip
PATIENCE = 90

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="needs Debian's packages chromium and chromium-driver"
)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A running demo's address."""
    environment = {**os.environ, "DATA_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "demo"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\S+", line) for line in process.stdout)))
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """A headless Chromium with a profile of its own."""
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.binary_location = CHROMIUM or ""
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


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
