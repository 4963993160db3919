"""Answers cut short: of every list only those items that show a kind of leaf for the first time."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator
from typing import Any
from xml.etree import ElementTree

from .._decode import Xml
from ..errors import TaggersError

__all__ = ["items", "kinds", "lists", "shortened"]

Response = dict[str, Any]
"""An answer as an exchange holds it."""


def lists(response: Response) -> list[str]:
    """The places of the lists in an answer that have several items, outermost first."""
    return list(dict.fromkeys(_lists(_tree(response))))


def items(response: Response) -> int:
    """How many items there are in all lists of an answer, besides the first of each."""
    return _count(_tree(response))


def shortened(response: Response, places: Collection[str]) -> Response:
    """The answer with the lists at these places cut short; the first item always stays.

    A leaf's kind is its place, whatever the index, and whether it is a text, a number, null …
    """
    tree = copy.deepcopy(_tree(response))
    _shorten(tree, places, "", set())
    if isinstance(tree, ElementTree.Element):
        return {**response, "text": ElementTree.tostring(tree, encoding="unicode")}
    return {**response, "json": tree} if "json" in response else response


def _tree(response: Response) -> Any:
    """The answer's JSON, or its XML as an element; None for anything else."""
    if "json" in response:
        return response["json"]
    try:
        Xml()(response["text"].encode())  # refuses document types, and what is too deep
        return ElementTree.fromstring(response["text"])  # noqa: S314
    except (TaggersError, ElementTree.ParseError):
        return None


def _groups(node: Any) -> Iterator[tuple[str, list[Any]]]:
    """What stands in a node, by name: several for a list of objects, or for elements of a name.
    Any other list is one value: four numbers in it are a box."""
    if isinstance(node, ElementTree.Element):
        for tag in dict.fromkeys(child.tag for child in node):
            yield tag, node.findall(tag)
    elif isinstance(node, dict):
        for name, value in node.items():
            yield name, value if _has_objects(value) else [value]
    elif _has_objects(node):
        yield "", node


def _has_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _keep(node: Any, name: str, kept: list[Any]) -> None:
    if isinstance(node, ElementTree.Element):
        for child in node.findall(name):
            if not any(child is one for one in kept):
                node.remove(child)
    elif isinstance(node, dict):
        node[name] = kept
    else:
        node[:] = kept


def _shorten(node: Any, places: Collection[str], path: str, seen: set[str]) -> None:
    for name, children in list(_groups(node)):
        place = f"{path}/{name}"
        kept: list[Any] = []
        for child in children:
            if not kept or place not in places or not seen.issuperset(kinds(child, place)):
                _shorten(child, places, place, seen)
                seen.update(kinds(child, place))
                kept.append(child)
        if len(kept) < len(children):
            _keep(node, name, kept)


def kinds(node: Any, path: str = "") -> Iterator[str]:
    """The kinds of the leaves in a JSON value or an element."""
    groups = list(_groups(node))
    for name, children in groups:
        for child in children:
            yield from kinds(child, f"{path}/{name}")
    if not groups:
        yield f"{path}: {_kind(node)}"


def _kind(leaf: Any) -> str:
    if isinstance(leaf, ElementTree.Element):
        return "text" if leaf.text else "empty"
    if type(leaf) in (int, float):
        return "number"
    return "empty" if leaf == "" else type(leaf).__name__


def _lists(node: Any, path: str = "") -> Iterator[str]:
    for name, children in _groups(node):
        if len(children) > 1:
            yield f"{path}/{name}"
        for child in children:
            yield from _lists(child, f"{path}/{name}")


def _count(node: Any) -> int:
    groups = [children for _, children in _groups(node)]
    several = sum(len(children) - 1 for children in groups)
    return several + sum(_count(child) for children in groups for child in children)
