"""`wherry certs`: a CA and certificates of services, with the Secrets that carry them."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import click

from wherry_cli.notes import warn

_DURATION = re.compile(r"([0-9]{1,5})([dh])", re.ASCII)


def _duration(_ctx: click.Context, _parameter: click.Parameter, value: str) -> dt.timedelta:
    parts = _DURATION.fullmatch(value)
    if parts is None:
        raise click.BadParameter(f"got {value!r}, expected days or hours such as 30d or 12h")
    unit = dt.timedelta(days=1) if parts[2] == "d" else dt.timedelta(hours=1)
    return int(parts[1]) * unit


@click.command(
    epilog="""\b
Examples:
  wherry certs hello
  wherry certs hello orders --namespace fns --host fns.example.com
  wherry certs hello --ca ~/.wherry/ca --renew-within 14d --json"""
)
@click.argument("services", nargs=-1, required=True, metavar="SERVICE...")
@click.option("--namespace", "-n", default="default", show_default=True, help="Of the services.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    help="Further DNS name or IP address that callers dial; repeatable.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("certs"),
    show_default=True,
    metavar="DIR",
    help="Folder that the certificates are kept in.",
)
@click.option(
    "--ca",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Folder of the CA, made where there is none [default: DIR/ca].",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="DOMAIN|NETWORK",
    help="Let a new CA sign nothing but this and what the services need; repeatable.",
)
@click.option("--secret", default="", metavar="NAME", help="Secret [default: SERVICE-tls].")
@click.option(
    "--renew-within",
    callback=_duration,
    metavar="TIME",
    default="30d",
    show_default=True,
    help="Renew what ends within this time; keep all else.",
)
@click.option("--force", is_flag=True, help="Write over keys and certificates; never over a CA.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    services: tuple[str, ...],
    namespace: str,
    hosts: tuple[str, ...],
    output: Path,
    ca: Path | None,
    limits: tuple[str, ...],
    secret: str,
    renew_within: dt.timedelta,
    force: bool,
    as_json: bool,
) -> None:
    """Make a CA, and certificates for services that it signs.

    Each service gets a key, a certificate for 90 days under every name that it has in the cluster,
    and the manifest of a kubernetes.io/tls Secret. Run it again to renew what ends soon.
    """
    from wherry_build.extras import extra

    if secret and len(set(services)) > 1:
        raise click.UsageError("--secret names the Secret of one service, and there are several")
    with extra("certs"):
        from wherry_build.certs import Order, document, identity, issue, scope, text

    report = issue(
        Order(
            identities=tuple(
                identity(each, namespace=namespace, hosts=hosts) for each in dict.fromkeys(services)
            ),
            output=output,
            authority=ca or output / "ca",
            secret=secret,
            renew_within=renew_within,
            scopes=tuple(map(scope, limits)),
            is_forced=force,
        ),
        now=dt.datetime.now(dt.timezone.utc),
    )
    click.echo(document(report) if as_json else text(report))
    warn(report.warnings)
