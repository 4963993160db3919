"""The viewer for everybody: by keyboard, on a phone, in light and dark, and with 2,000 pictures."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageStat

from .conftest import Show
from .sample import PROVIDERS, ROOT
from .sample import report as sample

AXE = ROOT / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = ("overview", "pictures", "pictures/1", "quality", "judge")
PHONE = {"width": 360, "height": 740}


def _faults(page: Any) -> list[str]:
    """What axe-core finds serious or critical."""
    page.evaluate(AXE.read_text("utf-8") + "; 0")
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [
        f"{one['id']}: {node['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_no_serious_fault(show: Show, scheme: str, width: int) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is missing: `npm ci` in viewer/ installs it")
    size = {"width": width, "height": 800}
    shown = show(sample(8, quality=True), color_scheme=scheme, viewport=size)

    for view in VIEWS:
        assert [] == _faults(shown.go(view)), view
    page = shown.go("pictures")
    page.get_by_label("Compare", exact=True).select_option("1")
    page.get_by_text("Each provider’s own threshold").click()
    assert [] == _faults(page)


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_is_wider_than_a_phone(show: Show, view: str) -> None:
    page = show(sample(8, quality=True), viewport=PHONE).go(view)

    widths = page.locator("html, dialog").evaluate_all("all => all.map(one => one.scrollWidth)")
    assert PHONE["width"] >= max(widths)


def test_the_page_is_light_or_dark_as_the_system_says_until_the_reader_does(show: Show) -> None:
    def brightness(page: Any) -> float:
        with Image.open(io.BytesIO(page.screenshot())) as shot:
            return float(ImageStat.Stat(shot.convert("L")).mean[0])

    record = sample(8)
    assert 200 < brightness(show(record, color_scheme="light").go())
    page = show(record, color_scheme="dark").go()
    assert 70 > brightness(page)

    page.get_by_role("button", name="Theme: auto").click()

    assert 200 < brightness(page)


def test_the_pictures_can_be_walked_through_by_keyboard_alone(show: Show) -> None:
    page = show(sample(8)).go("pictures")
    names = page.get_by_role("rowheader").locator(".name").all_inner_texts()
    page.get_by_role("rowheader").first.get_by_role("link").focus()

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    heading = page.get_by_role("dialog").get_by_role("heading", level=2)
    assert names[1] == heading.inner_text()
    page.keyboard.press("ArrowRight")
    page.get_by_role("heading", name=names[2]).wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")

    assert names[1] in page.evaluate("document.activeElement.textContent")


def test_two_thousand_pictures_are_drawn_a_screen_at_a_time(show: Show) -> None:
    page = show(sample(2000)).go("pictures")
    assert "2,000 pictures" == page.locator("p[role=status]").inner_text()
    assert "2001" == page.get_by_role("table").get_attribute("aria-rowcount")

    page.evaluate("scrollTo(0, document.body.scrollHeight)")

    page.locator('[aria-rowindex="2001"]').wait_for()
    assert 40 > page.locator(".line").count()
    cells = page.locator('[aria-rowindex="2001"]').get_by_role("cell")
    assert len(PROVIDERS) == cells.count()


def test_chinese_labels_render(show: Show) -> None:
    page = show(sample(8)).go()

    drawn = page.evaluate(
        """() => [..."猫狗\\uffff"].map((letter) => {
            const canvas = document.createElement("canvas");
            const pen = canvas.getContext("2d");
            pen.font = `40px ${getComputedStyle(document.body).fontFamily}`;
            pen.fillText(letter, 10, 60);
            return canvas.toDataURL();
        })"""
    )

    if drawn[0] == drawn[1]:
        pytest.skip("no font of this machine has Chinese letters")
    assert 3 == len(set(drawn))
