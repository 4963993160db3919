"""The hooks, each through a plugin as it would be installed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from taggers import hookspecs
from taggers._registry import GROUP, Registry

ROOT = Path(__file__).parent.parent
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
HOOKS = [name for name in vars(hookspecs) if name.startswith("taggers_")]

Installed = Callable[[str], Registry]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """Makes a plugin of a program: the registry that finds it, under the name "acme"."""
    monkeypatch.syspath_prepend(tmp_path)

    def made(program: str) -> Registry:
        (tmp_path / "taggers_acme.py").write_text(PLUGIN + program, "utf-8")
        return Registry((EntryPoint("acme", "taggers_acme", GROUP),))

    yield made
    sys.modules.pop("taggers_acme", None)


PLUGIN = """
from taggers.plugin import Accepts, Dialect, Provider, Response, Route, hookimpl

CALLED = []
PROVIDER = Provider(
    name="acme",
    title="Acme tags",
    vendor="Acme",
    request=lambda image, options, settings: None,
    read=lambda body: (),
    accepts=Accepts(formats=("jpeg",)),
)
DIALECT = Dialect(
    name="acme",
    vendor="Acme",
    hosts=("api.acme.example.com",),
    routes=(Route(method="POST", path="/v1/tags"),),
    verify=lambda incoming, world: None,
    write_error=lambda refusal, request_id, incoming: Response(status=400),
    provider=PROVIDER,
)
"""

PROVIDERS = """
@hookimpl
def taggers_providers():
    CALLED.append("taggers_providers")
    return [PROVIDER]
"""

DIALECTS = """
@hookimpl
def taggers_dialects():
    CALLED.append("taggers_dialects")
    return [DIALECT]
"""


def _called() -> list[str]:
    called: list[str] = sys.modules["taggers_acme"].CALLED
    return called


def test_hook_taggers_providers_is_called_once_when_its_provider_is_asked_for(
    installed: Installed,
) -> None:
    registry = installed(PROVIDERS + DIALECTS)

    named = registry.names()
    imported = "taggers_acme" in sys.modules
    titles = [registry.provider("acme").title for _ in range(2)]

    assert (["acme"], False) == (named, imported)
    assert ["Acme tags", "Acme tags"] == titles
    assert ["taggers_providers"] == _called()


def test_hook_taggers_dialects_is_called_when_the_emulators_services_are_gathered(
    installed: Installed,
) -> None:
    registry = installed(PROVIDERS + DIALECTS)

    dialects = registry.dialects()

    assert ["acme"] == [dialect.name for dialect in dialects]
    assert 1 == _called().count("taggers_dialects")


def test_a_plugin_needs_no_hook_but_that_of_its_providers(installed: Installed) -> None:
    registry = installed(PROVIDERS)

    assert [] == registry.dialects()
    assert "acme" == registry.provider("acme").name


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_its_paragraph_and_its_test(hook: str) -> None:
    tests = [name for name in globals() if name.startswith(f"test_hook_{hook}")]

    assert 1 <= len(tests)
    assert re.search(rf"^\* `{hook}\(\)` ", CONTRIBUTING, re.M)
    assert (getattr(hookspecs, hook).__doc__ or "").strip()


def test_every_paragraph_and_every_test_of_a_hook_has_its_hook() -> None:
    told = re.findall(r"^\* `(taggers_\w+)\(\)` ", CONTRIBUTING, re.M)
    tested = [name for name in globals() if name.startswith("test_hook_")]
    theirs = tuple(f"test_hook_{hook}" for hook in HOOKS)

    assert HOOKS == told
    assert [] == [name for name in tested if not name.startswith(theirs)]
