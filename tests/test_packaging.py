"""The wheel, as a user gets it: installed alone in a clean environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from taggers._registry import installed

ROOT = Path(__file__).parent.parent


def _call(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    _call(*build, cwd=folder)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_packages_and_nothing_of_the_workshop(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}
    plugins = {path.name for path in (ROOT / "plugins").glob("taggers_*")}
    assert {"taggers", *plugins} == tops
    assert "taggers/py.typed" in names
    assert [] == [name for name in names if "exchanges/" in name or "tests/" in name]
    assert wheel.stat().st_size < 700_000


def test_the_wheel_lists_all_providers_tags_a_photograph_and_makes_a_plugin(
    wheel: Path, tmp_path: Path, photos: Path
) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    binaries = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    python, taggers = binaries / "python", binaries / "taggers"
    _call(python, "-m", "pip", "install", "--quiet", f"{wheel}[local]", cwd=tmp_path)

    listed = json.loads(_call(taggers, "providers", "list", "-f", "json", cwd=tmp_path))
    tagged = json.loads(
        _call(taggers, "tag", photos / "cat.jpg", "-p", "local-basic", cwd=tmp_path)
    )
    made = _call(taggers, "plugin", "new", "acme", cwd=tmp_path)

    assert installed().names() == sorted(row["provider"] for row in listed)
    assert tagged["tags"]
    assert "taggers_acme.py" in made


def test_without_its_extra_the_local_provider_names_the_install(
    wheel: Path, tmp_path: Path, photos: Path
) -> None:
    program = (
        "import sys; sys.modules['PIL'] = None\n"
        "from taggers import Tagger\n"
        f"Tagger('local-basic').tag({str(photos / 'cat.jpg')!r})"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )

    assert "pip install 'taggers[local]'" in done.stderr
