"""`taggers plugin record`: one real call becomes an exchange file."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path

import click

from ..._image import Image
from ..._keys import Keys
from ..._model import Options
from ..._registry import installed
from ..._resolve import resolve
from .._setup import Setup, pass_setup

__all__ = ["command"]


@click.command("record")
@click.argument("picture", metavar="PICTURE-OR-URL")
@click.option("-p", "--provider", "name", required=True, metavar="NAME",
              help="The provider to ask, as in taggers tag.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Default: exchanges/ and the provider's name.")  # fmt: skip
@click.option("--about", default="", metavar="TEXT", help="What is special about this exchange.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N tags.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), metavar="X",
              help="Only tags of at least this confidence, from 0 to 1.")  # fmt: skip
@click.option("--language", metavar="CODE", help="The language of the tags, as in zh or en.")
@click.option("--force", is_flag=True, help="Replace FILE where there is one.")
@pass_setup
def command(
    setup: Setup,
    picture: str,
    name: str,
    out: Path | None,
    about: str,
    limit: int | None,
    min_confidence: float | None,
    language: str | None,
    force: bool,
) -> None:
    """Ask a provider once, for real, and write down what went over the wire as an exchange.

    The picture, keys, ids, e-mail addresses and home folders are replaced, and long lists are cut
    short. Nothing is written where a secret is left in any encoding, or where it does not replay.
    An error of the vendor's is an exchange as well. What the vendor bills, it bills.
    """
    from ...testing._record import record
    from ...testing._record_file import provenance, refuse_to_replace, write
    from ...testing._recording import observe

    registry = installed()
    target = resolve(name, setup.config(), Keys.load(), registry)
    path = out or Path("exchanges") / f"{target.plugin.replace('-', '_')}.json"
    refuse_to_replace(path, force=force)
    options = Options(limit=limit, min_confidence=min_confidence, language=language)
    seen = asyncio.run(observe(target, Image.open(picture), options))
    made = record(seen, target, options)
    today = datetime.datetime.now(datetime.UTC).date()
    whence = provenance(seen, target, registry.distribution(target.plugin), today)
    write(path, made, "; ".join(filter(None, (about, whence))), force=force)
    count = len(seen.answered)
    requests = f"{count} request{'' if count == 1 else 's'}"
    click.echo(f"wrote {path}: {requests}, and {type(seen.outcome).__name__}", err=True)
