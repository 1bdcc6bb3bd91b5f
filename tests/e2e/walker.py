"""Somebody who uses the demo page by its own controls, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

PATIENCE = 60
CHOOSE_VIEWER = """
const picker = document.getElementById('viewer-picker');
const one = picker && [...picker.options].find((each) => each.text === arguments[0]);
if (!one) return false;
if (picker.value === one.value) return true;
picker.value = one.value;
picker.dispatchEvent(new Event('change', {bubbles: true}));
return false;
"""
CHOOSE_COMMAND = """
const found = [...document.querySelectorAll('[role=option]')];
const one = found.find((each) => each.innerText.trim().startsWith(arguments[0]));
if (one) one.click();
return Boolean(one);
"""


class Walker:
    """Uses the page as somebody who types."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self._browser = browser
        # The page draws itself anew at every change, so what was found a moment ago may be gone.
        self._wait = WebDriverWait(browser, PATIENCE, ignored_exceptions=[WebDriverException])

    def until(self, done: Callable[[], Any]) -> None:
        """Wait for something."""
        self._wait.until(lambda _: done())

    def become(self, viewer: str) -> None:
        """Choose who is looking."""
        # Chosen once, the page draws itself anew; it has taken the choice when it still says so at the next look.
        self.until(lambda: self._browser.execute_script(CHOOSE_VIEWER, viewer))

    def type(self, command: str, value: str = "") -> None:
        """Use a command, with what its first option is to be."""
        self.until(lambda: self._chosen(f"/{command}"))
        self.until(lambda: self._browser.find_element(By.CSS_SELECTOR, ".command-chip"))
        if value:
            self.until(lambda: self._focused().startswith(("word", "prompt")))
            self._browser.switch_to.active_element.send_keys(value, Keys.ENTER)
        else:
            self._browser.find_element(By.CSS_SELECTOR, "#send-message").click()

    def _chosen(self, command: str) -> bool:
        line = self._browser.find_element(By.ID, "channel-composer-input")
        if not (line.is_displayed() and line.is_enabled()):
            return False
        if command not in (line.get_attribute("value") or line.text):
            # Not typed yet, or typed into a page that was being drawn anew.
            line.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.DELETE, command)
            return False
        return bool(self._browser.execute_script(CHOOSE_COMMAND, command))

    def _focused(self) -> str:
        return self._browser.switch_to.active_element.get_attribute("aria-label") or ""

    def reads(self, text: str) -> None:
        """Wait until the page says something."""
        self.until(lambda: text in self._browser.find_element(By.ID, "channel-message-list").text)
