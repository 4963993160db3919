"""`taggers plugin fields`: where every field of the vendors' answers goes, as Markdown."""

from __future__ import annotations

import click

from ..._registry import installed

__all__ = ["command"]


@click.command("fields")
@click.argument("names", metavar="[PROVIDER]...", nargs=-1)
def command(names: tuple[str, ...]) -> None:
    """Print what becomes of every field in the answers of the providers' exchanges."""
    from ...testing._cases import exchanges_of
    from ...testing._fields import fields_page

    registry = installed()
    providers = [registry.provider(name) for name in names] or registry.all()
    for provider in providers if names else ():
        if not exchanges_of(provider):
            raise click.ClickException(
                f"{provider.name} has no exchanges beside its module: installed wheels carry none"
            )
    click.echo(fields_page(providers), nl=False)
