"""Pictures of a report for the docs, taken by Debian's Chromium.

    gate report CHECK --html report-hold.html
    python tools/screenshots.py report-hold.html --out docs/pictures

Needs chromium, chromium-driver and selenium. Makes NAME.png (the top of the page), NAME-dark.png,
NAME-phone.png, and NAME-flips.png and NAME-ladder.png (those sections alone).
"""

from __future__ import annotations

import argparse
import base64
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver


@dataclass(frozen=True)
class Shot:
    """One picture: how wide the window is, and what of the page is shown."""

    suffix: str
    width: int
    height: int
    dark: bool = False
    scale: float = 1.0
    selector: str | None = None


SHOTS = (
    Shot("", 1080, 1240),
    Shot("-dark", 1080, 1240, dark=True),
    Shot("-phone", 390, 1300, dark=True, scale=1.5),
    Shot("-flips", 1080, 900, selector="#flips"),
    Shot("-ladder", 1080, 900, selector="#ladder"),
)


def main() -> int:
    """Take the pictures; exit code 1 when there is no browser."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="+", type=Path, help="HTML files")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    browser, driver_path = shutil.which("chromium"), shutil.which("chromedriver")
    if browser is None or driver_path is None:
        print("chromium or chromedriver is missing: apt-get install chromium chromium-driver")
        return 1
    driver = _driver(browser, driver_path)
    try:
        for page in given.pages:
            for shot in SHOTS:
                path = given.out / f"{page.stem}{shot.suffix}.png"
                if picture := _take(driver, page, shot):
                    path.write_bytes(picture)
                    print(f"{path}: {len(picture) // 1024} kB")
    finally:
        driver.quit()
    return 0


def _driver(browser: str, driver_path: str) -> WebDriver:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--disable-dev-shm-usage", "--disable-background-networking",
    ):  # fmt: skip
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=Service(driver_path))


def _take(driver: WebDriver, page: Path, shot: Shot) -> bytes | None:
    """One picture as PNG; None when the page has no such element."""
    command = driver.execute_cdp_cmd
    command(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": shot.width,
            "height": shot.height,
            "deviceScaleFactor": shot.scale,
            "mobile": shot.width < 600,
        },
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if shot.dark else "light"}
    command("Emulation.setEmulatedMedia", {"features": [scheme]})
    driver.get(page.resolve().as_uri())
    clip = {"x": 0, "y": 0, "width": shot.width, "height": shot.height, "scale": 1}
    if shot.selector is not None:
        box = driver.execute_script(
            "const e = document.querySelector(arguments[0]); if (!e) return null;"
            "const b = e.getBoundingClientRect();"
            "return {x: b.x + scrollX - 8, y: b.y + scrollY - 8, width: b.width + 16,"
            " height: b.height + 16, scale: 1}",
            shot.selector,
        )
        if box is None:
            return None
        clip = box
    answer = command(
        "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip}
    )
    return base64.b64decode(answer["data"])


if __name__ == "__main__":
    sys.exit(main())
