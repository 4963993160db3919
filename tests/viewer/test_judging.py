"""Judging in the viewer, and the file that comes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .conftest import Show
from .records import report, small


def _question(page: Any) -> str:
    return str(page.locator(".question strong").inner_text())


def _progress(page: Any) -> str:
    return str(page.locator(".progress span").inner_text())


def _saved(page: Any, folder: Path) -> Any:
    with page.expect_download() as download:
        page.get_by_role("button", name="Save judgements").click()
    download.value.save_as(folder / "judgements.json")
    assert "judgements.json" == download.value.suggested_filename
    return json.loads((folder / "judgements.json").read_text("utf-8"))


def test_judgements_made_by_keyboard_are_saved_in_the_form_that_bench_reads(
    show: Show, tmp_path: Path
) -> None:
    page = show(report(("boat.jpg", 0.5, [{"cat": 0.9}, {"cat": 0.3}]))).go("judge")

    page.keyboard.press("y")

    assert "1 of 1 label judged" == _progress(page)
    assert {
        "format": "taggers-judgements/1",
        "judgements": [
            {"picture": "sha-of-boat.jpg", "label": "cat", "text": "cat", "answer": "yes"}
        ],
    } == _saved(page, tmp_path)


def test_an_answer_can_be_undone_and_given_anew(show: Show, tmp_path: Path) -> None:
    page = show(small()).go("judge")
    asked = _question(page)
    page.keyboard.press("y")
    assert asked != _question(page)

    page.keyboard.press("z")
    assert asked == _question(page)
    assert "0 of 4 labels judged" == _progress(page)
    page.keyboard.press("u")

    (only,) = _saved(page, tmp_path)["judgements"]
    assert (asked, "unsure") == (only["label"], only["answer"])


def test_a_skipped_question_comes_back_at_the_end(show: Show) -> None:
    page = show(small()).go("judge")
    skipped = _question(page)
    page.keyboard.press("s")

    for _ in range(3):
        page.keyboard.press("n")

    assert skipped == _question(page)
    assert "3 of 4 labels judged" == _progress(page)


def test_judgements_survive_closing_the_page(show: Show) -> None:
    page = show(small()).go("judge")
    page.keyboard.press("y")
    page.keyboard.press("n")

    page.reload()

    assert "2 of 4 labels judged" == _progress(page)


def test_an_earlier_file_is_taken_up_but_for_strange_pictures(show: Show, tmp_path: Path) -> None:
    page = show(small()).go("judge")
    ours = {"picture": "sha-of-boat.jpg", "label": "cat", "text": "cat", "answer": "no"}
    strange = ours | {"picture": "another"}
    file = tmp_path / "earlier.json"
    file.write_text(
        json.dumps({"format": "taggers-judgements/1", "judgements": [ours, strange]}), "utf-8"
    )

    page.get_by_label("Open an earlier file").set_input_files(file)

    page.get_by_text("1 judgement taken; 1 are of other pictures.").wait_for()
    assert [ours] == _saved(page, tmp_path)["judgements"]


def test_a_file_of_something_else_is_refused(show: Show, tmp_path: Path) -> None:
    page = show(small()).go("judge")
    file = tmp_path / "other.json"
    file.write_text('{"format": "other"}', "utf-8")

    page.get_by_label("Open an earlier file").set_input_files(file)

    page.get_by_text("other.json cannot be read: not a file of judgements").wait_for()
    assert "0 of 4 labels judged" == _progress(page)


def test_who_said_a_label_is_hidden_and_each_is_asked_once(show: Show) -> None:
    page = show(small()).go("judge")
    asked = []

    while "4 of 4" not in _progress(page):
        assert "provider-" not in page.get_by_role("main").inner_text()
        asked.append(_question(page))
        page.keyboard.press("y")

    assert ["cat", "dog", "sea", "sky"] == sorted(asked)


def test_the_seed_decides_the_order(show: Show) -> None:
    words = {f"word{i}": 0.5 for i in range(20)}
    record = report(("boat.jpg", 0.0, [words, words]))

    def order(seed: int) -> list[str]:
        page = show(record).go("judge")
        page.get_by_label("Seed of the order").fill(str(seed))
        page.get_by_label("Seed of the order").blur()
        asked = []
        for _ in range(20):
            asked.append(_question(page))
            page.keyboard.press("y")
        return asked

    first = order(5)
    assert first == order(5)
    assert first != order(6)
    assert first != list(words)
