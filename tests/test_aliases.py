"""Aliases: what looks alike is proposed, and joined where a person says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli import Run, run
from test_labels import name, said

from taggers import ImageFacts, Result, Tag, errors
from taggers.compare import accepted, align, read_aliases, suggestions
from taggers.plugin import evolve

__all__ = ["run"]

RESULTS = [
    said("hw", name("咖啡杯", zh="咖啡杯", en="coffee cup"), Tag("goose"), Tag("gooses")),
    said("hw", name("鼠标", zh="鼠标", en="mouse"), name("老鼠", zh="老鼠", en="mouse")),
    said("gv", Tag("cup, coffee"), Tag("Dog"), Tag("mouse")),
    said("tx", Tag("咖啡杯子"), Tag("dog")),
]


def proposed(results: list[Result], **aliases: list[str]) -> list[tuple[str, str]]:
    labels = align(results, aliases=aliases).labels.values()
    return [one.texts for one in suggestions(labels)]


def stored(folder: Path) -> Path:
    """The results as `taggers tag -f jsonl` writes them, each of a picture of its own."""
    pictures = (ImageFacts(source=f"{number}.jpg") for number in range(len(RESULTS)))
    results = [evolve(one, image=image) for one, image in zip(RESULTS, pictures, strict=True)]
    path = folder / "results.jsonl"
    path.write_text("\n".join(json.dumps(one.to_dict()) for one in results), "utf-8")
    return path


def test_likeness_is_only_proposed() -> None:
    alignment = align(RESULTS)

    assert [("coffee cup", "cup, coffee"), ("咖啡杯", "咖啡杯子")] == proposed(RESULTS)
    assert alignment.lookup("coffee cup") != alignment.lookup("cup, coffee")


def test_what_is_joined_already_is_not_proposed() -> None:
    joined = {"coffee cup": ["cup, coffee", "咖啡杯子"]}

    assert [] == proposed(RESULTS, **joined)


def test_what_one_provider_tells_apart_is_not_proposed() -> None:
    other = said("gv", Tag("gooses"))

    assert ("goose", "gooses") not in proposed(RESULTS)
    assert ("goose", "gooses") in proposed([*RESULTS, other])


def test_proposals_do_not_depend_on_the_order_of_results() -> None:
    assert proposed(RESULTS) == proposed(RESULTS[::-1])


@pytest.mark.parametrize(
    ("before", "name", "aliases", "after"),
    [
        ("", "plant", ["植物"], {"plant": ("植物",)}),
        ('[aliases]\ncup = ["mug"]\n', "cup", ["Mug", "杯子"], {"cup": ("mug", "杯子")}),
        ('[aliases]\ncup = ["mug"]\n', "CUP", ["jar"], {"cup": ("mug", "jar")}),
        ('[aliases]\ncup = ["mug"]\n', "jar", ["Mug"], {"cup": ("mug", "jar")}),
        ('[aliases]\ncup = ["mug"]\n', "oak", ["tree"], {"cup": ("mug",), "oak": ("tree",)}),
    ],
)
def test_what_is_accepted_comes_beside_what_means_the_same(
    tmp_path: Path, before: str, name: str, aliases: list[str], after: dict[str, tuple[str, ...]]
) -> None:
    (tmp_path / "a.toml").write_text(accepted(before, name, aliases), "utf-8")

    assert after == read_aliases(tmp_path / "a.toml")


def test_what_is_accepted_keeps_the_file_as_it_was() -> None:
    before = '# ours\n\n[aliases]\ncup = [\n    "mug",  # big\n]\n# later\ntree = ["oak"]  # hm\n'

    after = accepted(before, "cup", ["jar"])

    assert before == after.replace('    "jar",\n', "")


def test_two_lists_are_not_made_one_unasked() -> None:
    before = '[aliases]\ncup = ["mug"]\nglass = ["jar"]\n'

    with pytest.raises(errors.ConfigurationError, match="in the lists of 'cup' and 'glass'"):
        accepted(before, "mug", ["jar"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[aliases", ["a.toml: Expected"]),
        ("cup = 1", ["a.toml: cup: there is no such key; names stand below [aliases]"]),
        ("[alias]", ["a.toml: alias: there is no such key; did you mean 'aliases'?"]),
        ("aliases = 3", ["a.toml: aliases: must be a table"]),
        (
            "[aliases]\ncup = 'mug'\nb = ['x', ' ']\nc = ['y', 3]",
            ["aliases.cup: must be a list of texts", "aliases.b: must be", "aliases.c: must be"],
        ),
        ("[aliases]\na = ['x']\nb = ['X']", ["aliases.b: 'x' belongs to 'a' already"]),
        ("[aliases]\nCat = []\ncat = []", ["aliases.cat: 'cat' belongs to 'Cat' already"]),
    ],
)
def test_every_mistake_in_aliases_is_named(tmp_path: Path, text: str, says: list[str]) -> None:
    (tmp_path / "a.toml").write_text(text)

    with pytest.raises(errors.ConfigurationError) as caught:
        read_aliases(tmp_path / "a.toml")

    lines = str(caught.value).splitlines()
    assert len(says) == len(lines)
    assert all(part in line for part, line in zip(says, lines, strict=True))


def test_the_command_proposes_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    results = stored(tmp_path)

    code, out, _ = run("aliases", "suggest", results)

    rows = [line.split() for line in out.splitlines()]
    assert 0 == code
    assert ["86", "咖啡杯", "咖啡杯子", "hw", "–", "tx"] in rows
    assert not (tmp_path / "aliases.toml").exists()


def test_the_command_proposes_the_same_for_a_comparison(run: Run, tmp_path: Path) -> None:
    results = stored(tmp_path)
    _, record, _ = run("compare", "--results", results, "-f", "json")
    (tmp_path / "comparison.json").write_text(record, "utf-8")

    of_results = run("aliases", "suggest", results)
    of_comparison = run("aliases", "suggest", "comparison.json")

    assert of_results == of_comparison
    assert {"mouse": ["老鼠", "鼠标"]} == json.loads(record)["ambiguous"]


def test_what_is_accepted_is_not_proposed_again(run: Run, tmp_path: Path) -> None:
    results = stored(tmp_path)
    _, record, _ = run("compare", "--results", results, "-f", "json")
    (tmp_path / "comparison.json").write_text(record, "utf-8")

    run("aliases", "accept", "coffee cup", "cup, coffee", "咖啡杯", "咖啡杯子")

    for file in (results, "comparison.json"):
        code, out, err = run("aliases", "suggest", file)
        assert (0, "") == (code, out)
        assert "nothing looks alike" in err


def test_the_command_says_under_which_name_it_accepted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "aliases.toml").write_text('[aliases]\ncup = ["mug"]\n', "utf-8")

    code, _, err = run("aliases", "accept", "mug", "jar")

    assert 0 == code
    assert "mug goes by cup" in err
    assert {"cup": ("mug", "jar")} == read_aliases(tmp_path / "aliases.toml")


def test_the_command_lists_why_labels_are_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "aliases.toml").write_text('[aliases]\nhound = ["dog"]\noak = ["elm"]\n', "utf-8")

    code, out, _ = run("aliases", "list", stored(tmp_path))

    rows = [line.split() for line in out.splitlines()]
    assert 0 == code
    assert ["coffee", "cup", "coffee", "cup", "=", "咖啡杯", "names", "hw"] in rows
    assert ["hound", "hound", "=", "dog", "alias"] in rows
    assert ["hound", "Dog", "=", "dog", "text"] in rows
    assert "mouse joins nothing: it may be 老鼠, 鼠标" in out
    assert "oak" not in out


def test_the_command_checks_aliases_against_what_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "aliases.toml").write_text('[aliases]\ncanine = ["dog", "cofee cup"]\n', "utf-8")

    code, out, _ = run("aliases", "check", stored(tmp_path))

    assert 0 == code
    assert ["nobody says 'cofee cup'; did you mean 'coffee cup'?"] == out.splitlines()


def test_the_command_says_what_is_wrong_with_aliases(run: Run, tmp_path: Path) -> None:
    (tmp_path / "aliases.toml").write_text("[aliases]\ncup = 3\n", "utf-8")

    code, _, err = run("aliases", "check")

    assert 2 == code
    assert "taggers: aliases.toml: aliases.cup: must be a list of texts" in err


def test_what_is_no_comparison_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"labels": [{"id": "cat"}]}', "utf-8")

    code, _, err = run("aliases", "suggest", "c.json")

    assert 2 == code
    assert "that is no comparison" in err
