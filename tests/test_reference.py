"""The reference of `taggers.plugin`: complete, true, and with its units and errors."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taggers import plugin

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "plugin-reference.md").read_text("utf-8")


def test_the_reference_is_that_of_the_code() -> None:
    made = subprocess.run(
        [sys.executable, "-X", "utf8", DOCS / "plugin_reference.py"],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )

    assert made.stdout == PAGE, "run: python docs/plugin_reference.py > docs/plugin-reference.md"


def test_the_reference_names_everything_that_a_plugin_imports() -> None:
    heads = [line.removeprefix("### `") for line in PAGE.splitlines() if line.startswith("### `")]

    named = sorted(head.partition("`")[0].partition("(")[0] for head in heads)

    assert sorted(plugin.__all__) == named


def _called() -> Iterator[tuple[str, Any, str]]:
    """All functions and methods that a plugin can call, with what is said about them."""
    for name in plugin.__all__:
        value = getattr(plugin, name)
        if inspect.isfunction(value):
            yield name, value, value.__doc__ or ""
        elif inspect.isclass(value):
            for method, member in vars(value).items():
                plain = getattr(member, "__func__", member)
                if inspect.isfunction(plain) and not method.startswith("_"):
                    yield f"{name}.{method}", plain, f"{value.__doc__} {plain.__doc__}"


def test_what_raises_says_what() -> None:
    silent = [
        name
        for name, called, said in _called()
        if called is not plugin.evolve  # attrs', which may claim another module
        and called.__module__.startswith("taggers.")
        and any(isinstance(node, ast.Raise) for node in _nodes(called))
        and "raises" not in said.lower()
    ]

    assert [] == silent


def _nodes(called: Any) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(textwrap.dedent(inspect.getsource(called))))
