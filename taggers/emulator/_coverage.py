"""What the emulator covers, and where each behaviour is known from, as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterable

from .._dialect import Dialect

__all__ = ["coverage"]

HEAD = """\
# What the emulator covers

*documented*: from the vendor's documents or SDKs; *recorded*: from an answer that somebody
recorded; *inferred*: neither, and chosen to be what a client can live with. Whatever is not listed
is answered with 501.

| service | asks | success | errors | limits |
|---|---|---|---|---|
"""


def coverage(dialects: Iterable[Dialect]) -> str:
    """The page: one line for each service."""
    return HEAD + "".join(_line(dialect) for dialect in dialects)


def _line(dialect: Dialect) -> str:
    asks = ", ".join(
        f"`{route.method} {route.path.replace('*', '')}`"
        + "".join(f" `{name}={value}`" for name, value in route.query.items())
        for route in dialect.routes
    )
    known = (dialect.evidence.get(part, "inferred") for part in ("success", "errors", "limits"))
    return f"| {dialect.name} | {asks} | {' | '.join(known)} |\n"
