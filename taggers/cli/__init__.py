"""The command line: one file per command, each imported when it is called."""

from __future__ import annotations

import os
import sys

import click

from .. import __version__
from ..errors import TaggersError
from ._lazy import LazyGroup

__all__ = ["main"]

COMMANDS = (
    "tag",
    "plan",
    "batch",
    "compare",
    "bench",
    "aliases",
    "enhance",
    "query",
    "export",
    "judge",
    "runs",
    "renormalize",
    "undo",
    "library",
    "providers",
    "config",
    "tune",
    "keys",
    "cache",
    "doctor",
    "emulate",
    "plugin",
)


@click.group(
    cls=LazyGroup,
    package=__name__,
    modules=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--config",
    metavar="FILE",
    help="Read this taggers.toml, instead of the nearest one and your own.",
)
@click.option("--emulate", is_flag=True, help="Ask the vendors' emulator instead of the vendors.")
@click.option(
    "--fixtures",
    metavar="FILE",
    help="With --emulate: what to say about which picture, as TOML.",
)
@click.option("--faults", metavar="FILE", help="With --emulate: what shall go wrong, as TOML.")
@click.option(
    "--no-plugins",
    is_flag=True,
    help="Look at no plugin but taggers' own, as TAGGERS_PLUGINS= does.",
)
@click.option(
    "--no-profile",
    is_flag=True,
    help="Keep all tags, whatever the profile of taggers.toml says, as for tuning.",
)
@click.version_option(__version__, prog_name="taggers", message="%(prog)s %(version)s")
@click.pass_context
def cli(
    ctx: click.Context,
    config: str | None,
    emulate: bool,
    fixtures: str | None,
    faults: str | None,
    no_plugins: bool,
    no_profile: bool,
) -> None:
    """Tag pictures with any provider: one schema for every image-tagging API.

    \b
    taggers tag cat.jpg -p local-basic     what this machine sees, no account needed
    taggers tag photos/ -p hw -p tx        two providers, side by side
    taggers providers                      what is installed, and what it takes
    taggers --emulate tag cat.jpg -p huawei-tagging-v2   a vendor's wire, without the vendor
    """
    from .._registry import PLUGINS, prints_aside
    from ._setup import Setup

    if no_plugins:
        os.environ[PLUGINS] = ""
    ctx.with_resource(prints_aside())
    ctx.obj = Setup(ctx, config, emulate, fixtures, faults, no_profile)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line. Exit codes: 0 ok, 1 some pictures failed, 2 usage or configuration,
    3 credentials, 4 every call failed, 130 interrupted."""
    try:
        status = cli.main(arguments, prog_name="taggers", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort as abort:
        interrupted = abort.__cause__ or abort.__context__  # the latter at a question
        status = 130 if isinstance(interrupted, KeyboardInterrupt) else 1
        for note in getattr(abort.__cause__, "__notes__", ()):
            click.echo(f"taggers: {note}", err=True)
    except TaggersError as error:
        from ._terminal import complain, exit_code

        complain(error)
        status = exit_code(error)
    except (OSError, UnicodeEncodeError) as error:
        from ._terminal import output_lost

        status = output_lost(error)
    sys.exit(status)
