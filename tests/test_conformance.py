"""Every check of the testing kit, for every provider that taggers brings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from taggers._registry import installed
from taggers.testing import Case, cases
from taggers.testing._fields import fields_page

ROOT = Path(__file__).parent.parent

NAMES = [name for name in installed().names() if installed().distribution(name)[0] == "taggers"]
CASES = [pytest.param(case, id=f"{name}: {case}") for name in NAMES for case in cases(name)]


@pytest.mark.parametrize("case", CASES)
def test_a_provider_is_as_it_has_to_be(case: Case) -> None:
    case.check()


def test_the_page_of_fields_is_that_of_todays_mappers() -> None:
    page = (ROOT / "docs" / "fields.md").read_text("utf-8")

    assert page == fields_page(map(installed().provider, NAMES)), "run: taggers plugin fields"


def _pytest(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_pytest_checks_any_provider_by_its_name(tmp_path: Path) -> None:
    done = _pytest(tmp_path, "-v", "--taggers-provider", "huawei-bgm")

    assert 0 == done.returncode, done.stdout
    assert "taggers::huawei-bgm::bgm: loses nothing PASSED" in done.stdout


def test_pytest_says_which_provider_there_is_not(tmp_path: Path) -> None:
    done = _pytest(tmp_path, "--taggers-provider", "huawei-bmg")

    assert 4 == done.returncode
    assert "there is no provider 'huawei-bmg'; did you mean 'huawei-bgm'?" in done.stderr


def test_exchanges_may_lie_in_another_folder(tmp_path: Path) -> None:
    one = json.loads((ROOT / "plugins/taggers_huawei/exchanges/bgm.json").read_text("utf-8"))
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "music.json").write_text(json.dumps(one), "utf-8")
    (tmp_path / "there" / "typo.json").write_text(
        json.dumps({**one, "provider": "huawei-bmg"}), "utf-8"
    )
    (tmp_path / "empty").mkdir()
    named = ("--taggers-provider", "huawei-bgm", "--taggers-exchanges")

    there = _pytest(tmp_path, "-v", *named, "there")
    empty = _pytest(tmp_path, *named, "empty")

    assert "music: loses nothing PASSED" in there.stdout
    assert "typo: there is no provider 'huawei-bmg'; did you mean 'huawei-bgm'?" in there.stdout
    assert "no exchange of huawei-bgm with a result is in empty" in empty.stdout


def test_the_kit_needs_no_pytest() -> None:
    program = "import sys, json, taggers.testing; print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert not {"pytest", "hypothesis"} & set(json.loads(done.stdout))
