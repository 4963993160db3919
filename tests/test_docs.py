"""The examples in the documents, run as they stand there."""

from __future__ import annotations

import difflib
import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from taggers._config_file import load
from taggers._registry import Registry
from taggers.cli import main
from taggers.cli.providers import markdown
from taggers.emulator import KINDS, Emulator

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def _blocks(text: str, language: str) -> list[tuple[str, str]]:
    """The fenced blocks of a language: what stands behind its name, and the content."""
    return re.findall(rf"^```{language}([^\n]*)\n(.*?)^```$", text, re.M | re.S)


@pytest.fixture
def folder(tmp_path: Path, photos: Path) -> Path:
    """A folder as a reader would have it: the photographs, a text file, a file with typos."""
    for photo in photos.glob("*.jpg"):
        shutil.copy(photo, tmp_path)
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "photos").symlink_to(photos)
    (tmp_path / "notes.txt").write_text("no picture")
    config = _blocks(README, "toml")[0][1]
    typos = config.replace("huawei-tagging-v2", "huawei-taging-v2").replace('["hw"', '["hv"')
    (tmp_path / "typo.toml").write_text(typos.replace('default = "hw"', 'default = "tx"'))
    return tmp_path


def _run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_programs_of_the_readme_run(folder: Path) -> None:
    runnable = [code for mark, code in _blocks(README, "python") if "no-run" not in mark]

    done = _run(sys.executable, "-c", "\n".join(runnable), cwd=folder)

    assert 0 == done.returncode, done.stdout
    assert "brown 0.456 ('colour',)" in done.stdout
    assert "notes.txt is no picture that taggers knows" in done.stdout


COMMANDS = [
    (command, expected)
    for _, block in _blocks(README, "console")
    for command, expected in re.findall(r"^\$ (.*)\n((?:[^$\n].*\n|\n)*)", block, re.M)
    if command.startswith("taggers ")
]


@pytest.mark.parametrize(("command", "expected"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_a_command_of_the_readme_prints_what_it_shows(
    folder: Path, command: str, expected: str
) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    done = _run("sh", "-c", command, cwd=folder, PATH=path)

    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    said = doctest.OutputChecker().check_output(expected, done.stdout, options)
    assert said, "".join(difflib.ndiff(expected.splitlines(True), done.stdout.splitlines(True)))


@pytest.mark.parametrize("text", [text for _, text in _blocks(README, "toml")])
def test_a_configuration_of_the_readme_has_no_mistake(tmp_path: Path, text: str) -> None:
    path = tmp_path / "taggers.toml"
    path.write_text(text, "utf-8")

    assert load(path).files == (path,)


def test_the_readmes_table_is_that_of_the_providers() -> None:
    table = README.partition("<!-- providers -->\n")[2].partition("<!-- /providers -->")[0]

    assert markdown(Registry().all()) == table


def test_the_command_prints_the_readmes_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["providers", "list", "-f", "markdown"])

    assert capsys.readouterr().out in README


def test_each_service_names_the_vendors_page_about_it() -> None:
    pages: dict[str, list[str]] = {}
    for provider in Registry().all():
        if provider.endpoint is not None:
            pages.setdefault(provider.docs or "no page", []).append(provider.name)

    shared = {page: names for page, names in pages.items() if len(names) > 1}
    contents = "https://support.huaweicloud.com/api-image/"  # which lists them all
    assert {contents: ["huawei-media-tagging", "huawei-media-tagging-det"]} == shared
    assert "no page" not in pages


def test_the_emulators_files_are_read_as_they_stand(tmp_path: Path, photos: Path) -> None:
    page = (ROOT / "docs" / "emulator.md").read_text("utf-8")
    for mark, content in _blocks(page, "toml"):
        (tmp_path / f"{mark.strip()}.toml").write_text(content, "utf-8")
    shutil.copy(photos / "cat.jpg", tmp_path)

    emulator = Emulator(fixtures=tmp_path / "fixtures.toml", faults=tmp_path / "faults.toml")

    assert 4 == len(emulator._service.answers.fixtures)
    assert 3 == len(emulator._service.faults.listed())
    assert [] == [kind for kind in KINDS if f"`{kind}`" not in page]
