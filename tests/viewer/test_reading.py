"""What a reader sees, and finds, in a report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .conftest import Show
from .records import failure, provider, report, small
from .sample import report as sample


def test_what_taggers_compare_writes_can_be_read(show: Show, tmp_path: Path, photos: Path) -> None:
    emulated = ("--emulate", "--fixtures", photos / "fixtures.toml")
    asked = ("-p", "huawei-tagging-v2", "-p", "tencent-detect-label")
    file = tmp_path / "made.html"
    made = (*emulated, "compare", photos / "cat.jpg", photos / "boats.jpg", *asked, "-o", file)
    subprocess.run([sys.executable, "-m", "taggers", *made], check=True, capture_output=True)

    shown = show(file)
    page = shown.go()

    title = page.get_by_role("heading", level=1)
    assert "What 2 providers said about 2 pictures" == title.inner_text()
    page = shown.go("pictures/1")
    assert page.locator(".canvas img").evaluate("image => image.naturalWidth > 100")
    assert 0 < page.locator(".canvas g").count()
    page.get_by_text("Raw answer of").first.click()
    assert '"result"' in page.locator("details[open]").get_by_role("region").inner_text()
    assert [] == shown.complaints


def test_a_report_opens_from_a_file_and_asks_for_nothing(show: Show) -> None:
    shown = show(sample(8, quality=True))
    page = shown.go()

    for view in ("Pictures", "Quality", "Judge", "Overview"):
        page.get_by_role("link", name=view, exact=True).click()
        page.get_by_role("main").wait_for()
    page.locator(".strip a").first.click()
    page.get_by_text("Raw answer of").first.click()
    page.get_by_role("region", name="Raw answer", exact=True).wait_for()

    assert {shown.url} == {url.partition("#")[0] for url in shown.requests if url != "about:blank"}
    assert [] == shown.complaints


def test_the_first_screen_tells_what_was_compared_and_what_each_costs(show: Show) -> None:
    record = small()
    record["providers"] = [
        provider("acme", cost=[{"currency": "USD", "amount": "0.0030"}]) | {"billable_units": 4},
        provider("emu", emulated=True),
    ]

    page = show(record).go()

    title = page.get_by_role("heading", level=1)
    assert "What 2 providers said about 2 pictures" == title.inner_text()
    rows = page.locator("table.costs tbody tr")
    assert "USD 0.0030" in rows.nth(0).inner_text()
    assert "USD 1.50 per 1,000 pictures" in rows.nth(0).inner_text()
    assert "250 ms / 1.5 s" in rows.nth(0).inner_text()
    assert "emulated" in rows.nth(1).inner_text()
    assert "no price known" in rows.nth(1).inner_text()
    assert "agreement, never accuracy" in page.get_by_role("main").inner_text()


def test_the_words_of_a_stranger_are_text_and_nothing_else(show: Show) -> None:
    evil = "</script><img src=x onerror='document.title=1'>"
    record = report((evil, 0.5, [{evil: 0.9}, {evil: None}]))
    record["title"] = record["providers"][0]["name"] = evil

    shown = show(record)
    page = shown.go("pictures/1")

    assert evil == page.get_by_role("button", name=evil).inner_text()
    assert 0 == page.locator("img[src=x]").count()
    assert [] == shown.complaints


def test_a_field_of_the_heat_map_puts_its_two_providers_side_by_side(show: Show) -> None:
    page = show(small()).go()

    page.get_by_role("button", name="provider-a and provider-b: 0.50, n = 2").first.click()

    cells = page.get_by_role("row").nth(1).get_by_role("cell")
    assert ["cat", "sea", "sky"] == [
        cells.nth(i).get_by_role("listitem").locator("span").last.inner_text() for i in range(3)
    ]
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert ["only", "both", "only"] == [head.split()[1] for head in heads[1:]]


def test_each_label_tells_how_many_say_it(show: Show) -> None:
    page = show(small()).go("pictures")

    cell = page.get_by_role("row").nth(1).get_by_role("cell").first

    assert ["cat\n1/2", "sea\n2/2"] == cell.get_by_role("listitem").all_inner_texts()


def test_nothing_is_said_by_one_alone_where_the_other_did_not_answer(show: Show) -> None:
    page = show(report(("boat.jpg", None, [{"cat": 0.9}, failure()]))).go("pictures")

    page.get_by_label("Compare", exact=True).select_option("0")

    row = page.get_by_role("row").nth(1)
    assert "not compared" in row.get_by_role("cell").nth(0).inner_text()
    assert "QuotaExceeded" in row.get_by_role("cell").nth(2).inner_text()
    assert 0 == row.locator(".chip.first").count()


def test_a_threshold_cuts_tags_and_moves_the_agreement(show: Show) -> None:
    page = show(small()).go("pictures")
    tally = page.locator("output.tally")
    assert "6 of 6 tags · Jaccard 0.67, mean of 1 pair" == tally.inner_text()

    page.get_by_role("slider", name="Threshold of all providers").fill("0.5")

    assert "4 of 6 tags · Jaccard 0.50, mean of 1 pair" == tally.inner_text()
    cell = page.get_by_role("row").nth(1).get_by_role("cell").first
    assert 1 == cell.get_by_role("listitem").count()


def test_a_provider_may_have_a_threshold_of_its_own(show: Show) -> None:
    page = show(small()).go("pictures")
    page.get_by_text("Each provider’s own threshold").click()

    page.get_by_role("slider", name="Threshold of provider-b").fill("0.7")

    assert "4 of 6 tags" in page.locator("output.tally").inner_text()
    page.get_by_role("button", name="reset provider-b").click()
    assert "6 of 6 tags" in page.locator("output.tally").inner_text()


def test_a_tag_without_confidence_stays_whatever_the_threshold(show: Show) -> None:
    page = show(report(("boat.jpg", 1.0, [{"cat": None}, {"dog": 0.2}]))).go("pictures")

    page.get_by_role("slider", name="Threshold of all providers").fill("1")

    assert "1 of 2 tags" in page.locator("output.tally").inner_text()


def test_a_picture_is_found_by_the_chinese_and_the_english_name_of_a_label(show: Show) -> None:
    page = show(small()).go("pictures")
    for query in ("猫", "CAT"):
        page.get_by_role("searchbox").fill(query)

        assert "1 of 2 pictures · 1 label found" == page.locator("p[role=status]").inner_text()
        assert ["cat"] == page.locator(".chip.hit > span:first-child").all_inner_texts()


def test_pictures_are_ordered_by_disagreement_name_and_errors(show: Show) -> None:
    record = report(
        ("b10.jpg", 0.2, [{"cat": 1.0}, {"cat": 1.0}]),
        ("b9.jpg", None, [{"cat": 1.0}, failure()]),
        ("a.jpg", 0.9, [{"cat": 1.0}, {"dog": 1.0}]),
    )
    page = show(record).go("pictures")

    def order(by: str) -> list[str]:
        page.get_by_label("Order").select_option(by)
        return page.get_by_role("rowheader").locator(".name").all_inner_texts()

    assert ["a.jpg", "b10.jpg", "b9.jpg"] == order("disagreement")
    assert ["b10.jpg", "a.jpg", "b9.jpg"] == order("agreement")
    assert ["a.jpg", "b9.jpg", "b10.jpg"] == order("name")
    assert ["b9.jpg", "a.jpg", "b10.jpg"] == order("errors")


def test_boxes_follow_the_threshold_and_can_be_hidden(show: Show) -> None:
    page = show(report(("boat.jpg", 0.5, [{"cat": 0.9}, {"cat": 0.3}]))).go("pictures/1")
    boxes = page.locator(".canvas g")
    assert 2 == boxes.count()
    dashes = page.locator(".canvas rect:not(.halo)").evaluate_all(
        "boxes => boxes.map(box => getComputedStyle(box).strokeDasharray)"
    )
    assert dashes[0] != dashes[1]

    page.get_by_role("dialog").get_by_role("slider", name="Threshold of all").fill("0.5")
    assert 1 == boxes.count()
    page.get_by_role("button", name="provider-a 1 box").click()
    assert 0 == boxes.count()


def test_why_two_spellings_count_as_one_is_told_with_its_step(show: Show) -> None:
    page = show(small()).go("pictures/1")

    page.get_by_text("why these spellings of cat count as one").locator("..").click()

    assert "names 猫 = cat" in page.locator(".why[open]").inner_text().replace("\n", " ")


def test_the_raw_answer_is_one_click_away(show: Show) -> None:
    page = show(small()).go("pictures/1")

    page.get_by_text("Raw answer of").nth(1).click()

    text = page.locator("details[open]").get_by_role("region").inner_text()
    assert '{\n  "vendor": 1,\n  "words": [\n    "猫"\n  ]\n}' == text


def test_quality_says_who_is_not_told_apart(show: Show) -> None:
    page = show(sample(8, quality=True)).go("quality")

    told = page.locator(".differences li").all_inner_texts()

    assert "the difference may be chance; about 640 more pictures" in told[0]
    assert "✓ told apart" in told[1]
    assert 3 == page.locator(".whisker").count()


def test_quality_tells_of_how_much_nothing_is_known(show: Show) -> None:
    page = show(sample(8, quality=True)).go("quality")

    shares = page.get_by_role("row").filter(has_text="30 % of 1,000")

    assert 3 == shares.count()


def test_a_viewer_without_a_report_says_so(show: Show) -> None:
    shown = show(None)

    page = shown.go()

    assert "no report inside" in page.get_by_role("main").inner_text()
