"""The tutorial of the contributing guide, followed from beginning to end."""

from __future__ import annotations

import difflib
import doctest
import os
import re
import sys
from pathlib import Path

import pytest
from attrs import define
from environment import Environment, call

ROOT = Path(__file__).parent.parent
TUTORIAL = (
    (ROOT / "CONTRIBUTING.md")
    .read_text("utf-8")
    .partition("## Add a provider\n")[2]
    .partition("\n## ")[0]
)
BLOCKS = re.findall(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", TUTORIAL, re.M | re.S)

TOOLS = "".join(f'{name}() {{ python -m {name} "$@"; }}; ' for name in ("taggers", "pip", "pytest"))
"""Tools are run by the environment's own interpreter, which they are not installed beside."""


@define
class Reader:
    """Somebody who does what the tutorial says, in one folder after another."""

    environment: Environment
    folder: Path

    def follow(self, language: str, mark: str, text: str) -> None:
        """Does what one block says, or sees that it is true."""
        kind, _, name = mark.partition("=")
        if language == "console":
            for command, expected in re.findall(r"^\$ (.*)\n((?:[^$\n].*\n|\n)*)", text, re.M):
                self._enter(command, expected)
        elif kind == "made":
            assert text in (self.folder / name).read_text("utf-8"), f"{name} is another"
        elif language == "diff":
            self._change(self.folder / name, text)
        else:
            (self.folder / name).write_text(text, "utf-8")

    def _enter(self, command: str, expected: str) -> None:
        """Enters a command, which says what the tutorial shows, and fails only where that does."""
        if command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
            return
        offline = command.replace("-m build", "-m build --no-isolation")
        binaries = (str(self.environment.python.parent), str(Path(sys.executable).parent))
        path = os.pathsep.join((*binaries, os.environ["PATH"]))
        variables = {"PATH": path, "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_INDEX": "1"}
        done = call("sh", "-c", TOOLS + offline, cwd=self.folder, COLUMNS="200", **variables)
        options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        said = doctest.OutputChecker().check_output(expected, done.stdout, options)
        assert 0 == done.returncode or "FAILED" in expected, done.stdout
        assert said or not expected, "".join(
            difflib.ndiff(expected.splitlines(True), done.stdout.splitlines(True))
        )

    def _change(self, path: Path, diff: str) -> None:
        """Changes a file as a diff says, whose every part stands in it once."""
        text = path.read_text("utf-8")
        for part in diff.split("@@\n"):
            lines = part.splitlines(keepends=True)
            old, new = (
                "".join(line[1:] for line in lines if line[0] in f" {sign}") for sign in "-+"
            )
            assert 1 == text.count(old), f"{path.name} has not once:\n{old}"
            text = text.replace(old, new)
        path.write_text(text, "utf-8")


def test_the_tutorial_ends_in_a_wheel_that_brings_the_provider(tmp_path: Path) -> None:
    reader = Reader(Environment.make(tmp_path / "environment"), tmp_path)
    another = Environment.make(tmp_path / "another")

    for language, mark, text in BLOCKS:
        reader.follow(language, mark, text)
    [wheel] = (reader.folder / "dist").glob("*.whl")
    another.run("pip", "install", "--no-deps", "--no-index", wheel)
    shown = another.run("taggers", "providers", "show", "acme-tags").stdout

    assert "acme-tags, from taggers-acme-tags 0.1.0" in shown
    assert "TODO" not in (reader.folder / "taggers_acme_tags.py").read_text("utf-8")


def test_a_diff_that_does_not_fit_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\ntwo\n", "utf-8")
    reader = Reader(Environment(tmp_path), tmp_path)

    reader.follow("diff", "file=a.py", "-one\n+three\n two\n")
    with pytest.raises(AssertionError, match=r"a\.py has not once"):
        reader.follow("diff", "file=a.py", "-one\n+four\n")

    assert "three\ntwo\n" == (tmp_path / "a.py").read_text("utf-8")
