"""A real Chromium for the pages that people look at. Debian: chromium and chromium-driver."""

import json
import shutil
import subprocess
import warnings
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")


def _missing(what):
    text = f"{what} is missing: the pages were NOT tried in a real browser"
    warnings.warn(text, stacklevel=2)
    pytest.skip(text)


class Page:
    """One browser, driven from outside: the page's own policy does not bind the test."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path, *, width=1400, height=900, dark=False, script=True):
        command = self.driver.execute_cdp_cmd
        command("Emulation.setScriptExecutionDisabled", {"value": not script})
        command(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        command("Emulation.setEmulatedMedia", {"features": [scheme]})
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(Path(path).resolve().as_uri())
        return self

    def run(self, body, *arguments):
        return self.driver.execute_script(body, *arguments)

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        """Addresses that the page asked for, itself and data: aside."""
        urls = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        return [url for url in urls if not url.startswith(("data:", self.driver.current_url))]


@pytest.fixture(scope="module")  # an open page goes on drawing
def page():
    if BROWSER is None or DRIVER is None:
        _missing("chromium or chromedriver")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is missing")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield Page(driver)
    driver.quit()


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """Source of axe-core, installed for this run only."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing: axe-core was NOT run")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
               "--prefix", str(folder), "axe-core@4.14.1"]  # fmt: skip
    try:
        subprocess.run(command, capture_output=True, timeout=120, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("axe-core could not be installed: it was NOT run")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
