"""What holds the house up: imports point down, libraries have one home, names are promised."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import taggers

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "taggers"

LAYERS = [
    {"__main__"},
    {"cli", "pytest_plugin"},
    {"testing"},
    {"emulator"},
    {"batch", "evaluate"},
    {"compare", "draw", "library", "scaffold"},
    {"__init__"},
    {"_sync"},
    {"_client"},
    {"_targets"},
    {"_standing"},
    {"_enhance", "_cache"},
    {"_cache_key", "_cache_file"},
    {"_driver", "_config_schema", "_resolve", "_walk", "_shadow", "_call"},
    {"_transport", "_sessions", "_found"},
    {"_fetch"},
    {"_config_file"},
    {"_config_reader"},
    {"_profile"},
    {"_config", "_config_keys"},
    {"_registry", "_keys", "plugin"},
    {"_entry_points", "hookspecs"},
    {"_flow", "_dialect"},
    {"_admission"},
    {"_keep", "_auth", "_prepare", "_reading", "_effects"},
    {"_gates", "_guards", "_permits", "_routes"},
    {"_limits", "_breaker", "_retries", "_latency"},
    {"_remake"},
    {"_provider"},
    {"_image", "_faults", "_policy"},
    {"_refusal"},
    {"_wire", "_decode", "_numbers", "_settings", "_trace", "_pixels", "_metadata", "_clock"},
    {"_planes", "_shared", "_pool"},
    {"_parts", "_body"},
    {"_secret"},
    {"_spend"},
    {"_ledger", "_money", "_process"},
    {"_model"},
    {"_serial", "_extras", "_database"},
    {"errors", "_httpx"},
]
BATCH = [{"_batch"}, {"cluster"}, {"engine"}, {"estimate", "reading"}, {"store"}, {"sources"}]
HOUSES = {PACKAGE: LAYERS, PACKAGE / "batch": BATCH}
"""From the top down: a module imports from lower layers only."""

HOMES = {
    "httpx": {"_httpx"},
    "aiohttp": {"_pool", "_transport", "_fetch"},
    "pybase64": {"_body"},
    "xmltodict": {"_decode"},
    "pluggy": {"_registry", "hookspecs"},
    "cattrs": {"_serial", "testing"},
    "platformdirs": {"_keys"},
    "imagesize": {"_image"},
    "PIL": {"draw", "_pixels", "_planes", "_remake"},
    "pillow_heif": {"_pixels"},
    "scipy": {"compare", "evaluate"},
    "rapidfuzz": {"compare", "evaluate"},
    "tomlkit": {"compare"},
    "wn": {"compare"},
    "litestar": {"emulator"},
    "uvicorn": {"emulator"},
    "numpy": {"evaluate"},
    "faster_coco_eval": {"evaluate"},
    "msgspec": {"batch"},
    "pyarrow": {"batch"},
    "fsspec": {"batch"},
    "ray": {"batch"},
    "rich": {"cli"},
    "click": {"cli"},
}
"""Which modules may import a library."""


def _modules(package: Path = PACKAGE) -> Iterator[tuple[str, Path]]:
    """Every file of a package, under the name of its module or, below a folder, the folder's."""
    for path in sorted(package.rglob("*.py")):
        below = path.relative_to(package)
        yield (below.parts[0] if len(below.parts) > 1 else below.stem), path


def _imports(path: Path, package: Path = PACKAGE) -> Iterator[tuple[str, bool]]:
    """The modules of a package that a file imports, and other libraries: a name, and whether it is
    of the package.

    What is imported for type checking alone does not count.
    """
    tree = ast.parse(path.read_text("utf-8"))
    guarded = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for child in ast.walk(node)
    }
    up_to_package = len(path.relative_to(package).parts)
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0], False
        elif isinstance(node, ast.ImportFrom) and node.level == up_to_package:
            names = [node.module] if node.module else [alias.name for alias in node.names]
            yield from ((name.partition(".")[0], True) for name in names)


MODULES = list(_modules())
ROOMS = [(house, name, path) for house in HOUSES for name, path in _modules(house)]


@pytest.mark.parametrize("house", HOUSES)
def test_every_module_has_its_layer(house: Path) -> None:
    placed = {name for layer in HOUSES[house] for name in layer}

    assert set() == {name for name, _ in _modules(house)} - placed - {"__init__"}


@pytest.mark.parametrize(
    ("house", "name", "path"),
    ROOMS,
    ids=[f"{house.name}: {path.relative_to(house)}" for house, _, path in ROOMS],
)
def test_imports_point_down(house: Path, name: str, path: Path) -> None:
    layers = HOUSES[house]
    depth = {module: index for index, layer in enumerate(layers) for module in layer}
    imported = {target for target, ours in _imports(path, house) if ours and target in depth}

    own = depth.get(name, -1)
    upward = {target for target in imported if depth[target] <= own and target != name}

    # `__version__` and the public names stand in `__init__`, above what it imports.
    assert set() == upward - {"__init__"}


@pytest.mark.parametrize("library", HOMES)
def test_a_library_has_one_home(library: str) -> None:
    users = {name for name, path in MODULES if (library, False) in _imports(path)}

    assert set() == users - HOMES[library]


def test_plugins_import_taggers_plugin_and_nothing_else_of_ours() -> None:
    strange = {
        f"{path.name}: {node.module}"
        for path in (ROOT / "plugins").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").split(".")[0] == "taggers"
        and node.module != "taggers.plugin"
    }

    assert set() == strange


def test_all_names_what_is_there() -> None:
    names = [f"taggers.{module.name}" for module in pkgutil.iter_modules([str(PACKAGE)])]
    modules = [importlib.import_module(name) for name in names if name != "taggers.__main__"]

    for module in [taggers, *modules]:
        assert [] == [name for name in module.__all__ if not hasattr(module, name)], module
        assert len(set(module.__all__)) == len(module.__all__), module


@pytest.mark.parametrize("module", ["taggers", "taggers.plugin", "taggers.testing"])
def test_every_public_name_has_a_docstring(module: str) -> None:
    public = importlib.import_module(module)

    bare = [
        name
        for name in public.__all__
        if inspect.isroutine(value := getattr(public, name)) or inspect.isclass(value)
        if not value.__doc__
    ]

    assert [] == bare


HEAVY = ("httpx", "aiohttp", "rich", "click", "cattrs", "xmltodict", "PIL", "webcolors", "anyio")


def test_importing_taggers_loads_nothing_heavy_and_opens_no_socket() -> None:
    program = f"""
import sys
opened = []
sys.addaudithook(lambda event, _: opened.append(event) if event.startswith("socket.") else None)
import taggers
heavy = [name for name in {HEAVY!r} if name in sys.modules]
heavy += [name for name in sys.modules if name.startswith("taggers_")]
print(heavy, opened)
"""

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert "[] []\n" == said.stdout


def test_no_file_outgrows_its_noun() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines())
        for folder in ("taggers", "plugins")
        for path in (ROOT / folder).rglob("*.py")
    }

    assert {} == {name: lines for name, lines in lengths.items() if lines > 420}
