"""`taggers tune`: from stored results and judgements to a profile that the client applies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from taggers import ImageFacts, Provenance, Result, Tag
from taggers._profile import Profile, Thresholds
from taggers._serial import as_json
from taggers.cli import main


def _result(provider: str, picture: str, *tags: Tag, emulated: bool = False) -> Result:
    return Result(
        provider=provider,
        image=ImageFacts(source=f"{picture}.jpg", sha256=picture),
        tags=tags,
        provenance=Provenance(plugin=provider, emulated=emulated),
    )


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Results of two providers about 100 pictures of cats, and the judgements: both are right where
    they are sure, at 0.6 and at 0.9."""
    results, judgements = tmp_path / "results.jsonl", tmp_path / "judgements.json"
    said, judged = [], []
    for number in range(100):
        picture = str(number)
        said += [
            _result("hw", picture, Tag("cat", 0.6), Tag("dog", 0.5)),
            _result("tx", picture, Tag("cat", 0.9), Tag("dog", 0.8), Tag("sofa", 0.99)),
        ]
        judged += [("cat", picture, "yes"), ("dog", picture, "no"), ("sofa", picture, "unsure")]
    results.write_text("".join(as_json(one.to_dict()) + "\n" for one in said), "utf-8")
    judgements.write_text(_judgements(judged), "utf-8")
    return results, judgements


def _judgements(judged: list[tuple[str, str, str]]) -> str:
    listed = [
        {"picture": picture, "label": label, "text": label, "answer": answer}
        for label, picture, answer in judged
    ]
    return json.dumps({"format": "taggers-judgements/1", "judgements": listed})


def _run(*arguments: Any) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in ("tune", *arguments)])
    return int(left.value.code or 0)


def test_each_provider_has_the_threshold_that_its_own_confidences_need(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    results, judgements = files
    profile = tmp_path / "profile.toml"

    code = _run(results, "--judgements", judgements, "-o", profile)

    read = Profile.read(profile)
    assert 0 == code
    assert 0.95 == read.target_precision
    assert {"hw": 0.6, "tx": 0.9} == {name: mine.threshold for name, mine in read.providers.items()}
    kept = {
        name: [tag.name for tag in read.kept(_result(name, "x", Tag("cat", 0.9), Tag("dog", 0.55)))]
        for name in ("hw", "tx")
    }
    assert {"hw": ["cat"], "tx": ["cat"]} == kept


def test_the_table_says_what_a_threshold_does(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results, judgements = files

    _run(results, "--judgements", judgements, "-f", "table")

    head, _, hw, *_ = (line.split() for line in capsys.readouterr().out.splitlines())
    assert ["provider", "threshold", "precision", "at", "least", "recall", "kept", "judged"] == head
    assert ["hw", "0.6", "1.000", "0.970", "1.000", "100", "200"] == hw


def test_json_has_the_whole_of_it(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results, judgements = files

    _run(results, "--judgements", judgements, "-f", "json")

    said = json.loads(capsys.readouterr().out)
    assert 0.95 == said["target_precision"]
    assert ["hw", "tx"] == [tuned["provider"] for tuned in said["providers"]]
    assert 200 == said["providers"][1]["n"]


def test_a_target_that_is_not_reached_is_said_and_nothing_is_written_for_it(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results, judgements = files
    profile = tmp_path / "profile.toml"

    code = _run(results, "--judgements", judgements, "--target-precision", "0.99", "-o", profile)

    assert 1 == code
    assert Thresholds(n=200) == Profile.read(profile).providers["hw"]
    assert "hw: no threshold is shown to reach a precision of 0.99" in capsys.readouterr().err


def test_emulated_answers_are_marked(
    tmp_path: Path, files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    results, more = files[0], tmp_path / "more.jsonl"
    emulated = (_result("em", str(n), Tag("cat", 0.5), emulated=True) for n in range(60))
    more.write_text("".join(as_json(one.to_dict()) + "\n" for one in emulated), "utf-8")

    _run(results, more, "--judgements", files[1], "-f", "table")

    said = capsys.readouterr()
    assert "em (emulated)" in said.out
    assert "em: its answers are emulated" in said.err


def test_the_truth_may_be_a_table_in_words_of_its_own(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.csv"
    rows = [f"{number}.jpg,CAT" for number in range(100)]
    truth.write_text("\n".join(["picture,label", *rows, "0.jpg,Dog"]), "utf-8")

    _run(files[0], "--truth", truth, "--exhaustive", "-f", "json")

    hw, _ = json.loads(capsys.readouterr().out)["providers"]
    assert (200, 0.6) == (hw["n"], hw["cut"]["threshold"])
    assert 100 / 101 == pytest.approx(hw["recall"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "say what is right, with --truth or --judgements"),
        (("--judgements", "FILE"), "none of the pictures is in"),
    ],
)
def test_without_anything_known_there_is_nothing_to_find(
    files: tuple[Path, Path],
    arguments: tuple[str, ...],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    results, judgements = files
    judgements.write_text(_judgements([("cat", "elsewhere", "yes")]), "utf-8")

    code = _run(results, *(judgements if part == "FILE" else part for part in arguments))

    assert 2 == code
    assert says in capsys.readouterr().err
