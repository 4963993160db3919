"""`taggers plugin new`: a distribution with a provider of your own, ready to be installed."""

from __future__ import annotations

from pathlib import Path

import click

from ...scaffold import AUTHS, FORMATS, INPUTS, Plan, create

__all__ = ["command"]


@click.command("new")
@click.argument("name")
@click.option("--format", "form", type=click.Choice(FORMATS), default="json", show_default=True,
              help="What the vendor answers in.")  # fmt: skip
@click.option("--auth", type=click.Choice(tuple(AUTHS)), default="header", show_default=True,
              help="How one signs in: with a key in a header or in the URL, with a user and a "
                   "password, or with a signature.")  # fmt: skip
@click.option("--input", "takes", type=click.Choice(INPUTS), default="upload", show_default=True,
              help="What is sent: the picture, or the URL where it lies.")  # fmt: skip
@click.option("--into", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".",
              metavar="DIR", help="Where its folder is made; here, if not given.")  # fmt: skip
def command(name: str, form: str, auth: str, takes: str, into: Path) -> None:
    """Make taggers-NAME, a distribution that brings the provider NAME.

    It installs, passes its own tests and is listed by `taggers providers` as it stands. What you
    have to look up in the vendor's documents is marked with TODO.

    \b
    taggers plugin new acme-tags
    taggers plugin new acme-labels --format xml --auth signed --input url
    """
    plan = Plan(name=name, format=form, auth=auth, takes=takes)
    folder = create(plan, into)
    click.echo(f"{folder}/")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        click.echo(f"  {path.relative_to(folder).as_posix()}")
    click.echo(f"next: cd {folder} && pip install -e '.[dev]' && pytest", err=True)
