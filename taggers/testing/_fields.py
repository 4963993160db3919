"""What becomes of every place of the vendors' answers, as a page in Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from .._model import Result
from .._provider import Provider
from ._cases import exchanges_of
from ._leaves import Leaf, account

__all__ = ["fields_page"]

Places = Mapping[str, list[Leaf]]
"""The leaves of a provider's exchanges by their place with any index, as in "labels[*].score"."""

COLUMNS = {
    "name": ("Tag.name",),
    "confidence": ("Tag.confidence", "Region.confidence", "Verdict.confidence"),
    "kind": ("Tag.kind", "Region.kind"),
    "category": ("Tag.category", "Tag.categories"),
    "languages": ("Tag.names",),
    "box": ("Tag.regions.box", "Region.box"),
    "box's confidence": ("Tag.regions.confidence",),
    "source": ("Tag.source",),
    "match": ("Match",),
    "verdict": ("Verdict.answer", "Verdict.scores", "Verdict.name"),
    "picture": ("OutputImage",),
}
"""The page's columns, and the fields of findings that each stands for."""

HEAD = """# Where every field goes

Every text and number in the answers of the providers' exchanges was replaced by another one, to see
what changes in the result. What changes nothing is left out for a reason that the provider gives;
the tests fail for anything else. Written by `taggers plugin fields`.
"""


def fields_page(providers: Iterable[Provider]) -> str:
    """The page for these providers; those without exchanges are left out."""
    found = {provider.name: _places(provider) for provider in providers}
    found = {name: places for name, places in found.items() if places}
    lines = [HEAD, *_matrix(found), "", "## Left out", "", *_left_out(found)]
    for name, places in found.items():
        lines += ["", f"## {name}", "", "| in the answer | in the result |", "|---|---|"]
        lines += [f"| `{at}` | {_becomes(places[at])} |" for at in places]
    return "\n".join(lines) + "\n"


def _places(provider: Provider) -> Places:
    places: dict[str, list[Leaf]] = defaultdict(list)
    for exchange in exchanges_of(provider):
        outcome = exchange.play(provider)[0]
        for leaf in account(provider, outcome.raw) if isinstance(outcome, Result) else ():
            places[leaf.kind].append(leaf)
    return places


def _matrix(found: Mapping[str, Places]) -> Iterator[str]:
    """How many places become each field, by provider."""
    heads = ("provider", "places", "mapped", "left out", *COLUMNS)
    yield f"| {' | '.join(heads)} |"
    yield "|---|" + "--:|" * (len(heads) - 1)
    for name, places in found.items():
        mapped = [leaves for leaves in places.values() if any(leaf.becomes for leaf in leaves)]
        counts = [_count(mapped, fields) for fields in COLUMNS.values()]
        numbers = (len(places), len(mapped), len(places) - len(mapped), *counts)
        yield f"| {name} | {' | '.join(str(number or '') for number in numbers)} |"


def _count(mapped: list[list[Leaf]], fields: tuple[str, ...]) -> int:
    return sum(
        any(_is_one(become, fields) for leaf in leaves for become in leaf.becomes)
        for leaves in mapped
    )


def _is_one(become: str, fields: tuple[str, ...]) -> bool:
    return any(become == field or become.startswith(f"{field}.") for field in fields)


def _left_out(found: Mapping[str, Places]) -> Iterator[str]:
    yield "| provider | in the answer | why |"
    yield "|---|---|---|"
    for name, places in found.items():
        for at, leaves in places.items():
            if not any(leaf.becomes for leaf in leaves):
                yield f"| {name} | `{at}` | {leaves[0].reason} |"


def _becomes(leaves: list[Leaf]) -> str:
    fields = sorted({become for leaf in leaves for become in leaf.becomes})
    if not fields:
        return f"left out: {leaves[0].reason}"
    words = {"checked": "another value is refused", "order": "the order"}
    return ", ".join(words.get(field, f"`{field}`") for field in fields)
