"""`wherry builder`: builds images for faas-cli, on this machine or for others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wherry_cli.notes import note, warn

if TYPE_CHECKING:
    from wherry_build.remote.sealing import SealingKey
    from wherry_build.remote.service import Address


@click.group(epilog="Examples:\n\n  wherry builder serve")
def command() -> None:
    """Build images that faas-cli asks for, without Docker."""


@command.command(
    epilog="""\b
Examples:
  wherry builder serve
  wherry builder serve --base registry.acme.example/python:3.12 --builds 4
  wherry builder serve --listen 0.0.0.0:8090 --payload-secret payload.txt --key key"""
)
@click.option(
    "--listen",
    metavar="IP:PORT",
    default="127.0.0.1:8090",
    show_default=True,
    help="Where to listen; port 0 takes a free one.",
)
@click.option(
    "--payload-secret",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What requests are signed with [default: a file of the user's own, made if need be].",
)
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Private key that build secrets are sealed for [default: a new one at each start].",
)
@click.option("--base", metavar="IMAGE", default="", help="Base image, where none is asked for.")
@click.option(
    "--docker", is_flag=True, help="Run Dockerfiles, too, with this machine's container engine."
)
@click.option(
    "--sources", is_flag=True, help="Make wheels of sources, too, which runs their authors' code."
)
@click.option("--insecure", is_flag=True, help="Believe a registry without a certificate.")
@click.option(
    "--builds",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="How many run at once.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.IntRange(1, 86_400),
    default=900,
    show_default=True,
    metavar="SECONDS",
    help="Time that a build may take, its wait for a turn included.",
)
@click.option(
    "--drain",
    "drain_s",
    type=click.IntRange(0, 86_400),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="Time that builds have to end after SIGTERM.",
)
def serve(
    listen: str,
    payload_secret: Path | None,
    key: Path | None,
    base: str,
    docker: bool,
    sources: bool,
    insecure: bool,
    builds: int,
    timeout_s: int,
    drain_s: int,
) -> int:
    """Serve faas-cli's remote-builder protocol until SIGTERM or Ctrl-C.

    A function in one of Wherry's templates becomes an image as `wherry build` makes it and is
    pushed with this machine's credentials, for every platform that is asked for. Whoever has the
    payload secret can do that; over anything but loopback put TLS in front.
    """
    from wherry_build import names
    from wherry_build.remote.key_files import own_payload_secret, read_payload_secret
    from wherry_build.remote.screening import check_resolver
    from wherry_build.remote.service import Address, Settings
    from wherry_build.remote.service import serve as serve_until_the_end
    from wherry_build.remote.shrinkwrap import House, check_reader
    from wherry_build.remote.workshop import ProcessWorkshop

    check_reader()
    if not sources:
        check_resolver()
    address = Address.parse(listen)
    if payload_secret is None and not address.is_loopback:
        raise click.UsageError(
            f"--listen {listen} is open to other machines: give --payload-secret"
        )
    if base:
        names.image_reference(base)
    secret_file = payload_secret or _configuration() / "payload-secret"
    secret = (read_payload_secret if payload_secret else own_payload_secret)(secret_file)
    settings = Settings(
        address=address,
        secret=secret,
        key=_sealing_key(key),
        builds=builds,
        timeout_s=timeout_s,
        drain_s=drain_s,
    )
    _warn(address, runs_programs=[*["--docker"] * docker, *["--sources"] * sources])

    def tell(url: str) -> None:
        click.echo(f"export OPENFAAS_REMOTE_BUILDER={url}")
        click.echo(f"export OPENFAAS_PAYLOAD_SECRET={_quoted(secret_file)}")
        note("next: in another shell, with these two lines: faas-cli up --skip-deploy")

    workshop = ProcessWorkshop(
        house=House(base=base, builds_sources=sources), has_docker=docker, is_insecure=insecure
    )
    return serve_until_the_end(settings, workshop, tell)


@command.command(
    epilog="""\b
Examples:
  wherry builder keygen
  wherry builder keygen --output keys/builder"""
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("key"),
    show_default=True,
    metavar="FILE",
    help="File of the private key; the public one gets `.pub` behind its name.",
)
def keygen(output: Path) -> None:
    """Make the key pair that build secrets are sealed for."""
    from wherry_build.remote.key_files import write_sealing_key
    from wherry_build.remote.sealing import SealingKey

    key = SealingKey.generate()
    public = write_sealing_key(key, output)
    click.echo(output)
    click.echo(public)
    note(f"key id: {key.id}")
    note(f"next: wherry builder serve --key {_quoted(output)}")


def _sealing_key(file: Path | None) -> SealingKey | None:
    """The key of `file`, or a new one; None where there is neither a file nor PyNaCl."""
    from wherry_build.errors import ExtraMissing
    from wherry_build.remote.key_files import read_sealing_key
    from wherry_build.remote.sealing import SealingKey

    if file is not None:
        return read_sealing_key(file)
    try:
        return SealingKey.generate()
    except ExtraMissing as error:
        note(f"build secrets are not taken: {error.message} (hint: {error.hint})")
        return None


def _warn(address: Address, *, runs_programs: list[str]) -> None:
    if not address.is_loopback:
        warn([f"{address.host}: sources travel in clear text; put TLS in front"])
    warn(f"{each}: others' programs run on this machine" for each in runs_programs)


def _configuration() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "wherry" / "builder"


def _quoted(file: Path) -> str:
    import shlex

    return shlex.quote(str(file.absolute()))
