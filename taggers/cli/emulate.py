"""`taggers emulate`: the vendors on this machine, until Ctrl-C."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import click

from ._setup import Setup, pass_setup

__all__ = ["command"]


@click.command("emulate")
@click.option("--port", type=click.IntRange(0, 65535), default=4567, show_default=True,
              help="Where to listen; 0 takes a free port.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--no-verify", is_flag=True, help="Check no signature and no token.")
@click.option("--fixtures", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="What to say about which picture, as TOML.")  # fmt: skip
@click.option("--faults", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="What shall go wrong, as TOML.")  # fmt: skip
@click.option("--seed", type=int, default=0, help="Makes faults with a rate repeat.")
@click.option(
    "--rate", type=click.IntRange(1), metavar="N", help="Throttle above N calls a second."
)
@click.option("--concurrency", type=click.IntRange(1), metavar="N",
              help="Throttle above N calls at a time.")  # fmt: skip
@click.option("--coverage", "show_coverage", is_flag=True,
              help="Print what is covered and where it is known from, and stop.")  # fmt: skip
@pass_setup
def command(
    setup: Setup,
    port: int,
    host: str,
    no_verify: bool,
    fixtures: Path | None,
    faults: Path | None,
    seed: int,
    rate: int | None,
    concurrency: int | None,
    show_coverage: bool,
) -> None:
    """Serve the vendors' wire formats on this machine, strictly, without an account.

    Prints a taggers.toml that asks here, and the variables with the emulated account's keys. What
    happened, and faults and fixtures, stand under /_emulator/.
    """
    from ..emulator import Emulator, Limits, coverage, dialects

    if show_coverage:
        click.echo(coverage(dialects()), nl=False)
        return
    if no_verify and not _is_loopback(host):
        raise click.UsageError("--no-verify is for this machine alone: leave --host as it is")
    emulator = Emulator(
        host=host,
        port=port,
        verify=not no_verify,
        fixtures=fixtures or (),
        faults=faults or (),
        limits=Limits(rate_per_s=rate, concurrency=concurrency) if rate or concurrency else None,
        seed=seed,
    )
    with emulator:
        click.echo(emulator.toml())
        for name, value in emulator.environment().items():
            click.echo(f"# export {name}={value}")
        host = emulator.url.removeprefix("http://")
        click.echo(_OTHERWISE.format(url=emulator.url, host=host, account=emulator.account))
        click.echo(f"listening on {emulator.url}; Ctrl-C stops", err=True)
        emulator.wait()


_OTHERWISE = """\
# Huawei by password, without HUAWEICLOUD_SDK_AK and _SK: in a provider's table above
#   user = "{account.user}", domain = "{account.domain}", iam_endpoint = "{url}"
# export HW_USER_PASSWORD={account.password}
# Huawei's SDK:  ImageClient.new_builder().with_credentials(BasicCredentials(ak, sk, project_id))
#                .with_endpoint("{url}")
# Tencent's SDK: CosConfig(Scheme="http", Domain="{host}", Region=…, SecretId=…, SecretKey=…)
"""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
