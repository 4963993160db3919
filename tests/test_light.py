"""What taggers weighs, as far as it is not time: modules, dependencies, copies in memory."""

from __future__ import annotations

import re
import subprocess
import sys
import tracemalloc
from importlib.metadata import requires
from pathlib import Path

from taggers import Image, Options
from taggers._config import Config, Service
from taggers._keys import Keys
from taggers._registry import installed
from taggers._resolve import resolve
from taggers._wire import prepare


def _loaded(program: str) -> set[str]:
    """The modules that a program has loaded in the end."""
    said = subprocess.run(
        [sys.executable, "-c", f"import sys\n{program}\nprint(*sys.modules)"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return set(said.stdout.split())


COSTLY = {"asyncio", "attrs", "email", "http", "importlib.metadata", "json", "ssl", "tempfile"}
"""Modules of the standard library, and attrs, that take 5 ms or more to load."""


def test_importing_taggers_loads_no_costly_module() -> None:
    without, with_ = _loaded(""), _loaded("import taggers")

    assert set() == (with_ - without) & COSTLY


def test_the_packages_are_there_when_they_are_named() -> None:
    loaded = _loaded("import taggers; taggers.batch.Batch; taggers.compare.compare")

    assert {"taggers.batch", "taggers.compare"} <= loaded
    assert "taggers.evaluate" not in loaded


def test_the_version_is_told_by_click_alone() -> None:
    program = "from taggers.cli import main\ntry: main(['--version'])\nexcept SystemExit: pass"

    loaded = _loaded(program)

    ours = {name for name in loaded if name.startswith("taggers.")}
    assert {"taggers.cli", "taggers.cli._lazy", "taggers.errors"} == ours
    assert set() == loaded & {"attrs", "rich", "pluggy", "asyncio"}


def _needed(distribution: str) -> set[str]:
    """What a distribution needs, without extras, itself included."""
    found, left = set[str](), [distribution]
    while left:
        found.add(name := left.pop())
        for line in requires(name) or ():
            text, _, marker = line.partition(";")
            needed = re.split(r"[^\w.-]", text.strip(), maxsplit=1)[0].lower()
            if not marker and needed not in found:
                left.append(needed)
    return found


def test_taggers_needs_few_distributions() -> None:
    direct = [line for line in requires("taggers") or () if "extra ==" not in line]

    assert len(direct) <= 13
    assert len(_needed("taggers")) <= 31


def test_a_picture_from_a_file_is_in_memory_once_and_not_as_it_is_sent(
    tmp_path: Path, photos: Path
) -> None:
    photo = (photos / "cat.jpg").read_bytes()
    file = tmp_path / "large.jpg"
    file.write_bytes(photo + bytes(7_500_000))
    settings = {"ak": "EXAMPLEAK", "sk": "EXAMPLESK", "project_id": "0123456789abcdef"}
    service = Service("hw", "huawei-tagging-v2", {**settings, "endpoint": "http://127.0.0.1:9"})
    target = resolve("hw", Config(services={"hw": service}), Keys.load(), installed())
    provider, address = target.provider, target.provider.address(target.settings)
    assert provider.request
    assert provider.authorize
    assert address
    prepare(provider.request(Image.open(photos / "cat.jpg"), Options(), target.settings), address)
    tracemalloc.start()  # when all that is imported on the way is there

    image = Image.open(file)
    prepared = prepare(provider.request(image, Options(), target.settings), address)
    signed = provider.authorize(prepared, target.settings, 1_800_000_000.0)

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "authorization" in signed.headers
    assert peak_bytes < 1.02 * len(image.content or b"") + 800_000
