"""`bench` and `taggers bench`: everything together, as a person or a script asks for it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from test_cli import Run, run
from worlds import Said, aligned, boxed, compared, result, truth

from taggers import BoundingBox, Result, Tag
from taggers._serial import as_json
from taggers.compare import Comparison, align
from taggers.errors import LocalResourceError
from taggers.evaluate import Bench, Truth, bench
from taggers.plugin import Money

__all__ = ["run"]

LABELS = [f"label {number}" for number in range(12)]


def _world(
    seed: int, pictures: int, **planted: tuple[float, float]
) -> tuple[dict[str, Said], Truth]:
    """Providers that say each label that is there with one chance, and each other one with another,
    the more confidently the likelier it is right."""
    rolled = random.Random(seed)
    labels = {
        f"{number}.jpg": {label: rolled.random() < 0.3 for label in LABELS}
        for number in range(pictures)
    }
    said = {
        name: {
            picture: {
                label: rolled.betavariate(4, 2) if there else rolled.betavariate(2, 4)
                for label, there in of.items()
                if rolled.random() < (hits if there else false)
            }
            for picture, of in labels.items()
        }
        for name, (hits, false) in planted.items()
    }  # fmt: skip
    return said, truth(labels)


def _found(said: Mapping[str, Said], known: Truth, **how: Any) -> Bench:
    comparison, alignment = compared(said, emulated=how.pop("emulated", ()))
    return bench(comparison, alignment, known, random=1, **how)


def _verdicts(found: Bench) -> dict[str, tuple[bool, bool]]:
    return {
        one.metric: (one.ranked, (one.difference or 0) > 0)
        for one in found.differences
    }  # fmt: skip


def test_two_providers_are_told_apart_where_the_pictures_suffice() -> None:
    said, known = _world(1, 300, good=(0.7, 0.05), bad=(0.6, 0.15))

    assert dict.fromkeys(("precision", "recall", "f1", "average_precision"), (True, True)) == (
        _verdicts(_found(said, known))
    )


def test_the_same_two_are_not_told_apart_where_they_do_not_suffice() -> None:
    said, known = _world(1, 8, good=(0.7, 0.11), bad=(0.68, 0.12))

    found = _found(said, known)

    assert not any(one.ranked for one in found.differences)
    assert all(one.more_pictures and one.more_pictures > 8 for one in found.differences)


def test_emulated_providers_are_marked_and_ranked_only_where_that_is_asked_for() -> None:
    said, known = _world(1, 300, good=(0.7, 0.05), bad=(0.5, 0.2))
    costs = {"pricing": lambda name, plugin: Money.parse("1 USD")}

    found = _found(said, known, emulated=["good"], **costs)
    asked = _found(said, known, emulated=["good"], rank_emulated=True, **costs)

    assert {"good": True, "bad": False} == {one.name: one.emulated for one in found.qualities}
    assert {(False, "emulated")} == {(one.ranked, one.why) for one in found.differences}
    assert ("bad",) == found.front
    assert all(one.ranked for one in asked.differences)
    assert ("good",) == asked.front


def test_the_same_seed_finds_the_same_and_another_nearly_the_same() -> None:
    said, known = _world(1, 50, a=(0.7, 0.1), b=(0.6, 0.1))
    comparison, alignment = compared(said)

    one, again, other = (bench(comparison, alignment, known, random=seed) for seed in (1, 1, 2))

    assert one == again
    assert one.qualities[0].precision != other.qualities[0].precision
    assert one.qualities[0].precision.low == pytest.approx(
        other.qualities[0].precision.low, abs=0.02
    )


def test_everything_is_plain_json_in_the_shape_of_the_report() -> None:
    box = (10.0, 10.0, 40.0, 40.0)
    comparison, alignment = aligned(
        [result("a", "1.jpg", [boxed("cat", box)]), result("b", "1.jpg", [boxed("dog", box)])]
    )
    known = Truth(
        name="truth",
        labels={"1.jpg": {"cat": True, "dog": False}},
        boxes={"1.jpg": {"cat": (BoundingBox(*box),)}},
    )

    record = json.loads(as_json(bench(comparison, alignment, known, random=1).to_dict()))

    a, b = record["providers"]
    assert {"value": 1.0, "low": None, "high": None, "n": 1} == a["precision"]
    assert (0.0, "b") == (b["precision"]["value"], b["name"])
    assert {"a", "b", "metric", "difference", "low", "high", "ranked", "more_pictures"} <= (
        record["differences"][0].keys()
    )
    assert {"low": 0.9, "confidence": 0.9, "precision": 1.0, "n": 1} == (
        record["reliability"][0]["bins"][0]
    )
    assert pytest.approx(1.0) == record["detections"][0]["average_precision"]
    assert pytest.approx(0.1) == a["ece"]["value"]
    assert [] == record["pareto"]


def test_a_failed_call_is_no_wrong_answer(tmp_path: Path) -> None:
    error = {"kind": "RateLimited", "message": "slow down", "code": None, "billed": "no"}
    records = [
        result("a", "1.jpg", [Tag("cat", 0.9)]).to_dict(),
        {"image": {"source": "2.jpg"}, "provider": "a", "error": error},
    ]
    path = tmp_path / "results.jsonl"
    path.write_text("\n".join(map(as_json, records)), "utf-8")
    comparison = Comparison.read(path)
    known = truth({"1.jpg": {"cat": True}, "2.jpg": {"cat": True}})

    (found,) = bench(comparison, align(comparison.every_result()), known, random=1).qualities

    assert (1.0, 1, 1, 1) == (found.recall.value, found.recall.n, found.pictures, found.failed)


@pytest.mark.parametrize("missing", ["numpy", "faster_coco_eval"])
def test_a_missing_library_is_named_with_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, known = _world(1, 2, a=(0.7, 0.1))
    comparison, alignment = compared(said)
    for name in [name for name in sys.modules if name.startswith("taggers.evaluate._")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(LocalResourceError, match=r"pip install 'taggers\[eval\]'"):
        bench(comparison, alignment, known, random=1)


def test_importing_the_package_loads_no_library_of_the_extra() -> None:
    program = (
        "import sys, taggers.evaluate;"
        "print([n for n in ('numpy', 'scipy', 'sklearn', 'faster_coco_eval') if n in sys.modules])"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert "[]\n" == said.stdout


def _stored(folder: Path, said: Mapping[str, Said]) -> Path:
    comparison, _ = compared(said)
    path = folder / "results.jsonl"
    lines = [as_json(one.to_dict()) for one in comparison.said.values() if isinstance(one, Result)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


SAID: dict[str, Said] = {
    "a": {"1.jpg": {"cat": 0.9, "sofa": 0.4}, "2.jpg": {"bicycle": 0.8}},
    "b": {"1.jpg": {"dog": 0.7}, "2.jpg": {"bicycle": None}},
}
TRUTH = "picture,label,answer\n1.jpg,cat,yes\n1.jpg,dog,no\n2.jpg,bicycles,yes\n2.jpg,bicycle,yes\n"


def test_the_command_measures_stored_results(run: Run, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH, "utf-8")

    code, out, _ = run("bench", _stored(tmp_path, SAID), "--truth", "truth.csv", "-f", "json")

    record = json.loads(out)
    assert 0 == code
    assert [1.0, 0.5] == [one["precision"]["value"] for one in record["providers"]]
    assert [{"text": "bicycles", "pictures": 1, "nearest": "bicycle"}] == record["unmatched"]


def test_the_command_shows_a_table_that_says_what_it_cannot(run: Run, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH, "utf-8")

    code, out, _ = run("bench", _stored(tmp_path, SAID), "--truth", "truth.csv")

    assert 0 == code
    for said in (
        "2 pictures known, 2 providers",
        "a or b",
        "may be chance",
        "No average precision, for want of confidences: b",
        "bicycles (1), like bicycle?",
        "33%",
    ):
        assert said in out
    assert " > " not in out
    row = next(line for line in out.splitlines() if line.startswith("cat "))
    assert "cat 1.00 (1.00, 1.00) 0.00 (–, 0.00) 1 picture" == " ".join(row.split())


def test_the_command_knows_the_users_aliases(run: Run, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("picture,label\n1.jpg,feline\n", "utf-8")
    (tmp_path / "aliases.toml").write_text('[aliases]\ncat = ["feline"]\n', "utf-8")
    results = _stored(tmp_path, SAID)

    recalls = [
        json.loads(run("bench", results, "--truth", "truth.csv", "-f", "json", *more)[1])[
            "providers"
        ][0]["recall"]["value"]
        for more in (("--align-by", "text"), ())
    ]

    assert [0.0, 1.0] == recalls


def test_the_command_writes_what_it_found_into_a_report(run: Run, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(TRUTH, "utf-8")
    results = _stored(tmp_path, SAID)

    code, out, _ = run("bench", results, "--truth", "truth.csv", "-o", "r.html", "-f", "json")

    page = (tmp_path / "r.html").read_text("utf-8")
    embedded = page.partition('id="report">')[2].partition("</script>")[0]
    assert 0 == code
    assert json.loads(out) == json.loads(embedded)["quality"]


def test_the_command_reads_judgements_without_any_truth(run: Run, tmp_path: Path) -> None:
    judged = [
        {"picture": "1.jpg", "label": "cat", "text": "cat", "answer": "yes"},
        {"picture": "1.jpg", "label": "sofa", "text": "sofa", "answer": "no"},
    ]
    record = {"format": "taggers-judgements/1", "judgements": judged}
    (tmp_path / "judged.json").write_text(json.dumps(record), "utf-8")

    _, out, _ = run("bench", _stored(tmp_path, SAID), "--judgements", "judged.json", "-f", "json")

    assert 0.5 == json.loads(out)["providers"][0]["precision"]["value"]


def test_the_command_takes_the_rest_for_absent_where_it_is_told_to(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "truth.csv").write_text("picture,label\n1.jpg,cat\n2.jpg,sofa\n", "utf-8")
    results = _stored(tmp_path, SAID)

    shares = [
        json.loads(run("bench", results, "--truth", "truth.csv", "-f", "json", *more)[1])[
            "providers"
        ][0]["unknown"]
        for more in ((), ("--exhaustive",))
    ]

    assert [2, 1] == shares


def test_where_no_label_is_known_to_be_absent_only_recall_is_measured(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "truth.csv").write_text("picture,label\n1.jpg,cat\n2.jpg,bicycle\n", "utf-8")
    results = _stored(tmp_path, SAID)

    _, out, _ = run("bench", results, "--truth", "truth.csv", "-f", "json")
    _, table, _ = run("bench", results, "--truth", "truth.csv")

    record = json.loads(out)
    first = record["providers"][0]
    assert 1.0 == first["recall"]["value"]
    assert {None} == {first[one]["value"] for one in ("precision", "f1", "average_precision")}
    assert {None} == {first["macro"]["precision"], first["labels"][0]["precision"]}
    assert ([], None) == (record["pareto"], first["ece"]["value"])
    assert "so that nothing can be wrong" in table
    assert "want of confidences" not in table


def test_the_command_asks_about_pictures_and_knows_folders_by_class(
    run: Run, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "classes" / "portrait").mkdir(parents=True)
    (tmp_path / "classes" / "portrait" / "1.jpg").write_bytes((photos / "cat.jpg").read_bytes())
    pictures = photos / "cat.jpg", photos / "boats.jpg"

    code, out, err = run(
        "bench", *pictures, "-p", "local-basic", "--truth", "classes", "-f", "json"
    )

    assert (0, "") == (code, err)
    assert (1, "0 CNY") == (
        json.loads(out)["pictures"],
        json.loads(out)["providers"][0]["cost_per_1000"],
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["results.jsonl"], "say what is in the pictures: --truth FILE, or --judgements FILE"),
        (["cat.jpg", "--truth", "truth.csv"], "cat.jpg is no file of results (.jsonl); add -p"),
        (["results.jsonl", "--truth", "no.csv"], "'no.csv' does not exist"),
        (["results.jsonl", "--truth", "bad.csv"], "bad.csv:1: has no column picture"),
        (["results.jsonl", "--judgements", "truth.csv", "--exhaustive"], "is about --truth"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_arguments(
    run: Run, tmp_path: Path, arguments: list[str], said: str
) -> None:
    _stored(tmp_path, SAID)
    (tmp_path / "truth.csv").write_text(TRUTH, "utf-8")
    (tmp_path / "bad.csv").write_text("1.jpg,cat\n", "utf-8")

    code, _, err = run("bench", *arguments)

    assert 2 == code
    assert said in err
