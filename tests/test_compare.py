"""What several providers say, side by side."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from server import Server, answer_json

from taggers import (
    Attempt,
    BoundingBox,
    Image,
    ImageFacts,
    Provenance,
    Region,
    Result,
    Tag,
    Tagger,
    errors,
)
from taggers._config import Config, Prices
from taggers._money import Money
from taggers.cli import main
from taggers.compare import (
    Comparison,
    Failure,
    Summary,
    align,
    compare,
    prices,
    report,
    summarise,
)
from taggers.plugin import evolve


def result(
    provider: str, picture: str, tags: Iterable[tuple[str, float | None]] = (), **provenance: object
) -> Result:
    """What a provider said about a picture whose SHA-256 is its name."""
    return Result(
        provider=provider,
        image=ImageFacts(source=f"{picture}.jpg", sha256=picture, width=100, height=50),
        tags=tuple(Tag(name, confidence) for name, confidence in tags),
        provenance=Provenance(plugin=provider, **provenance),  # type: ignore[arg-type]
    )


def test_pictures_are_the_same_where_their_bytes_are() -> None:
    first, copied = result("a", "cat"), result("b", "cat")

    comparison = Comparison.of([("cat.jpg", "a", first), ("copies/cat.jpg", "b", copied)])

    assert ["cat"] == [picture.id for picture in comparison.pictures]
    assert {("cat", "a"): first, ("cat", "b"): copied} == comparison.said


def test_a_failure_belongs_to_the_picture_of_its_name() -> None:
    error = errors.RateLimited("too fast", code="429", billed="maybe")

    comparison = Comparison.of(
        [("cat.jpg", "a", error), ("cat.jpg", "b", result("b", "cat")), ("dog.jpg", "a", error)]
    )

    failure = Failure(kind="RateLimited", message="too fast", code="429", billed="maybe")
    assert ["cat", "dog.jpg"] == [picture.id for picture in comparison.pictures]
    assert failure == comparison.said["cat", "a"] == comparison.said["dog.jpg", "a"]


def test_what_was_not_asked_is_not_there() -> None:
    comparison = Comparison.of([("cat.jpg", "a", result("a", "cat"))])

    assert [] == list(comparison.results("b"))
    assert ["cat"] == [picture.id for picture, _ in comparison.results("a")]


def test_stored_results_are_read_back(tmp_path: Path) -> None:
    error = {"kind": "NotFound", "message": "gone", "code": None, "billed": "no"}
    lines = [
        json.dumps(result("a", "cat", [("猫", 0.9)]).to_dict(), ensure_ascii=False),
        "\n",
        json.dumps({"provider": "b", "image": {"source": "cat.jpg"}, "error": error}),
    ]

    (tmp_path / "stored.jsonl").write_text("\n".join(lines), "utf-8")
    comparison = Comparison.read(tmp_path / "stored.jsonl")

    assert ("a", "b") == comparison.providers
    assert ["猫"] == [tag.name for _, said in comparison.results("a") for tag in said]
    assert Failure(**error) == comparison.said["cat", "b"]  # type: ignore[arg-type]


@pytest.mark.parametrize("line", ["no JSON", "[]", "{}", '{"provider": "a", "image": {}}', "7"])
def test_a_line_that_is_no_result_is_named(tmp_path: Path, line: str) -> None:
    good = json.dumps(result("a", "cat").to_dict())
    (tmp_path / "stored.jsonl").write_text(f"{good}\n{line}\n")

    with pytest.raises(errors.InvalidInput, match=r"stored\.jsonl:2: is no result: "):
        Comparison.read(tmp_path / "stored.jsonl")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.LocalResourceError, match=r"gone\.jsonl cannot be read"):
        Comparison.read(tmp_path / "gone.jsonl")


def test_pictures_are_asked_about_and_compared(photos: Path) -> None:
    with Tagger() as tagger:
        pictures = [Image.open(f"{photos}/cat.jpg"), f"{photos}/nothing.jpg"]
        comparison = compare(tagger, pictures, ["local-basic", "local-basic"])

    assert ("local-basic",) == comparison.providers
    assert [451, None] == [picture.width for picture in comparison.pictures]
    assert isinstance(comparison.said[f"{photos}/nothing.jpg", "local-basic"], Failure)


def summary(comparison: Comparison, **known: str) -> Summary:
    """All figures, with these prices."""
    units = {name: Money.parse(text) for name, text in known.items()}
    pricing = prices(Config(prices=Prices(units)))
    return summarise(comparison, align(comparison.every_result()), pricing)


def test_a_provider_is_measured() -> None:
    slow, fast = (Attempt(duration_s=seconds, waited_s=60.0) for seconds in (0.5, 0.1))
    cat_and_dog = [("cat", 0.9), ("Dog", 0.5)]
    comparison = Comparison.of([
        ("a.jpg", "hw", result("hw", "a", cat_and_dog, attempts=(slow,), billable_units=1)),
        ("b.jpg", "hw", result("hw", "b", [("CAT", 0.9)], attempts=(fast,), billable_units=2)),
        ("c.jpg", "hw", result("hw", "c", billable_units=9, cached=True, emulated=True)),
        ("d.jpg", "hw", errors.RateLimited("too fast")),
        ("e.jpg", "hw", errors.OutcomeUnknown("who knows")),
    ])  # fmt: skip

    (found,) = summary(comparison, hw="0.5 CNY").figures

    assert (3, 2, 1, 1) == (found.answered, found.failed, found.cached, found.maybe_billed)
    assert {"RateLimited": 1, "OutcomeUnknown": 1} == found.errors
    assert (1.0, 2, True) == (found.tags_per_picture, found.vocabulary, found.emulated)
    assert (0.1, 0.5) == (found.latency_p50_s, found.latency_p95_s)
    assert (3, (Money.parse("1.5 CNY"),)) == (found.billable_units, found.cost)


def test_what_is_not_known_is_said() -> None:
    comparison = Comparison.of([
        ("a.jpg", "hw", result("hw", "a", billable_units=1)),
        ("a.jpg", "local-basic", result("local-basic", "a")),
        ("a.jpg", "down", errors.Unavailable("not now")),
    ])  # fmt: skip

    paid, free, down = summary(comparison).figures

    assert (None, ()) == (paid.cost, free.cost)
    assert (None, None) == (down.tags_per_picture, down.latency_p50_s)


def test_disagreement_is_for_pictures_that_two_answered() -> None:
    comparison = Comparison.of([
        ("a.jpg", "x", result("x", "a", [("cat", 0.9), ("dog", 0.8)])),
        ("a.jpg", "y", result("y", "a", [("cat", 0.7), ("owl", 0.6)])),
        ("b.jpg", "x", result("x", "b", [("cat", 0.9)])),
        ("b.jpg", "y", errors.Unavailable("not now")),
        ("c.jpg", "x", result("x", "c")),
        ("c.jpg", "y", result("y", "c")),
    ])  # fmt: skip

    found = summary(comparison)

    assert {"a": pytest.approx(2 / 3), "b": None, "c": None} == found.disagreement
    assert (["cat", "dog"], None) == (found.labels("a", "x"), found.labels("b", "y"))
    assert [(1 / 3, 1)] == [(pair.jaccard.value, pair.jaccard.n) for pair in found.agreement.pairs]


def test_boxes_are_compared_in_fractions_of_the_picture() -> None:
    pixels = BoundingBox(50, 0, 50, 50)
    fractions = BoundingBox(0.5, 0, 0.5, 1, "relative")
    comparison = Comparison.of([
        ("a.jpg", "x", evolve(result("x", "a"), tags=(Tag("cat", regions=(Region(pixels),)),))),
        ("a.jpg", "y", evolve(result("y", "a"), tags=(Tag("cat", regions=(Region(fractions),)),))),
    ])  # fmt: skip

    found = summary(comparison)

    assert [(1.0, 1)] == [(one.same_label.iou.value, one.same_label.iou.n) for one in found.boxes]


def _ended(*arguments: str, command: str = "compare") -> object:
    """The exit code of `taggers compare`, or another command."""
    with pytest.raises(SystemExit) as ended:
        main([command, *arguments])
    return ended.value.code


def _embedded(page: str) -> dict[str, object]:
    """The record inside a report."""
    inside = page.partition('<script type="application/json" id="report">')[2]
    record: dict[str, object] = json.loads(inside.partition("</script>")[0])
    return record


def test_a_report_holds_everything_and_no_vendor_can_break_out_of_it(photos: Path) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    content = Image.open(photos / "cat.jpg")
    said = evolve(
        result("x", content.sha256 or "", [(hostile, 0.9), ("猫", 0.8)]),
        image=content.facts,
        raw={"tags": ["猫"]},
    )
    comparison = Comparison.of([("cat.jpg", "x", said), ("gone.jpg", "x", result("x", "gone"))])

    page = report(summary(comparison), title=hostile)

    record: Any = _embedded(page)
    cat, gone = record["pictures"]
    assert hostile == record["title"] == cat["said"][0]["tags"][0]["text"]
    assert hostile not in page
    assert cat["thumbnail"].startswith("data:image/jpeg;base64,")
    assert gone["thumbnail"] is None
    assert [{"tags": ["猫"]}] == json.loads(gzip.decompress(base64.b64decode(cat["raw"])))


def test_json_is_what_the_report_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comparison = [result("x", "a", [("cat", 0.9)]), result("y", "a", [("Cat", 0.5)])]
    lines = (json.dumps(one.to_dict()) for one in comparison)
    (tmp_path / "results.jsonl").write_text("\n".join(lines))
    page = tmp_path / "report.html"

    code = _ended("--results", str(tmp_path / "results.jsonl"), "-f", "json", "-o", str(page))
    printed: Any = json.loads(capsys.readouterr().out)
    embedded: Any = _embedded(page.read_text("utf-8"))

    assert 0 == code
    assert [0, 0] == [said["tags"][0]["label"] for said in printed["pictures"][0]["said"]]
    assert printed["labels"] == embedded["labels"]
    assert {"a": 0, "b": 1} == {key: printed["agreement"]["pairs"][0][key] for key in "ab"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "give pictures and -p NAME for each provider, or --results FILE"),
        (["cat.jpg", "-p", "local-basic"], "name at least two providers"),
        (["cat.jpg", "-p", "local-basic", "-p", "local-basik"], "did you mean 'local-basic'?"),
        (["--results", "RESULTS", "-p", "x"], "give pictures and -p NAME for each provider, or"),
        (["--results", "RESULTS", "--align-by", "magic"], "--align-by takes text, id, names"),
    ],
)
def test_a_wrong_call_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    results = tmp_path / "results.jsonl"
    results.write_text(json.dumps(result("x", "a").to_dict()))

    code = _ended(*(str(results) if one == "RESULTS" else one for one in arguments))

    assert 2 == code
    assert says in capsys.readouterr().err


CONFIG = """
[providers.{name}]
plugin = "imagga-tags"
endpoint = "{url}"
api_key = "${{IMAGGA_KEY}}"
api_secret = "${{IMAGGA_KEY}}"
"""


@pytest.mark.parametrize(
    ("command", "options", "asked"),
    [
        ("compare", ["--align-by", "magic"], 0),
        ("compare", ["--aliases", "wrong.toml"], 0),
        ("compare", ["-o", "folder"], 0),
        ("compare", ["--align-by", "text, names"], 2),
        ("bench", ["--align-by", "magic"], 0),
        ("bench", ["--truth", "folder"], 0),
        ("bench", ["-o", "folder"], 0),
        ("bench", ["--align-by", "text, names"], 2),
    ],
)
def test_what_is_wrong_is_said_before_anybody_is_asked(
    tmp_path: Path,
    photos: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    options: list[str],
    asked: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMAGGA_KEY", "a key")
    (tmp_path / "folder").mkdir()
    (tmp_path / "wrong.toml").write_text("[alias]\n")
    (tmp_path / "truth.csv").write_text("picture,label\ncat.jpg,cat\n")
    if command == "bench":
        options = ["--truth", "truth.csv", *options]
    with Server(answer_json({"result": {"tags": []}})) as server:
        text = "".join(CONFIG.format(name=name, url=server.url) for name in "ab")
        (tmp_path / "taggers.toml").write_text(text)

        code = _ended(str(photos / "cat.jpg"), "-p", "a", "-p", "b", *options, command=command)

        assert (0 if asked else 2) == code
        assert asked == len(server.requests)


def test_the_table_tells_who_said_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comparison = [
        result("x", "a", [("cat", 0.9), ("sofa", 0.8)]),
        result("y", "a", [("Cat", 0.5), ("\x1b[31mdog", 0.4)]),
        result("z", "a", [("cat", 0.5), ("sofa", 0.4)]),
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(json.dumps(one.to_dict()) for one in comparison))

    assert 0 == _ended("--results", str(tmp_path / "r.jsonl"))

    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if line.startswith("a.jpg"))
    assert ["a.jpg", "0.44", "cat", "sofa", r"y:", r"\x1b[31mdog"] == row.split()
    assert "\x1b" not in shown


def test_the_table_says_from_how_many_each_figure_is_and_what_errors_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    comparison = [
        result("x", "a", [("cat", 0.9), ("sofa", 0.8)]).to_dict(),
        result("y", "a", [("cat", 0.9)]).to_dict(),
        result("x", "b", [("cat", 0.9)]).to_dict(),
        result("y", "b").to_dict(),
    ]
    refused = errors.Authentication("the key is wrong").to_dict()
    comparison += [
        {"image": {"source": f"{one}.jpg"}, "provider": "z", "error": refused} for one in "ab"
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, comparison)))

    _ended("--results", str(tmp_path / "r.jsonl"))

    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if line.split()[:2] == ["x", "y"])
    assert ["0.25", "n", "2", "1.00", "n", "1"] == row.split()[2:8]
    assert 1 == shown.count("z: Authentication: the key is wrong")


def test_files_without_a_result_are_no_comparison(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("\n")

    with pytest.raises(errors.InvalidInput, match=r"there are no results in .*r\.jsonl"):
        Comparison.read(tmp_path / "r.jsonl")
