"""A browser, and reports opened in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .sample import page as page_of

# The last ones keep Chromium from asking its maker anything.
FLAGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
)

Show = Callable[..., "Shown"]


class Shown:
    """A report in the browser: its page, what it asked for, and what went wrong in it."""

    def __init__(self, page: Any, file: Path) -> None:
        self.page = page
        self.url = file.as_uri()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text))

    def go(self, view: str = "overview") -> Any:
        """Opens a view as a link would, and returns the page."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}#/{view}")
        self.page.get_by_role("main").wait_for()
        return self.page


# Of this folder alone: while Playwright runs, no other test could start an event loop.
@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Debian's Chromium, or another one on the path."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="the extra browser is missing")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=list(FLAGS), chromium_sandbox=False
        )
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Show]:
    """Opens a report from a file, in a browser that has no network and remembers nothing."""
    opened = []

    def open_report(report: Path | dict[str, Any] | None, **options: Any) -> Shown:
        file = report if isinstance(report, Path) else tmp_path / "report.html"
        if not isinstance(report, Path):
            file.write_text(page_of(report), "utf-8")
        context = browser.new_context(offline=True, accept_downloads=True, **options)
        opened.append(context)
        context.set_default_timeout(15_000)
        return Shown(context.new_page(), file)

    yield open_report
    for context in opened:
        context.close()
