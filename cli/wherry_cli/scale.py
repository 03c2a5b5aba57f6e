"""`wherry scale`: sets how many replicas a function has."""

from __future__ import annotations

from urllib.parse import quote

import click

from wherry_cli.notes import note
from wherry_cli.platforms import (
    Place,
    complete_functions,
    output_option,
    platform_options,
    print_json,
)


@click.command(
    epilog="""\b
Examples:
  wherry scale hello 3
  wherry scale hello 0"""
)
@click.argument("name", shell_complete=complete_functions)
@click.argument("replicas", type=click.IntRange(0))
@platform_options
@output_option
def command(name: str, replicas: int, place: Place, is_json: bool) -> int:
    """Have N replicas of the function NAME run now; 0 puts it to sleep.

    Its load decides again afterwards: a call wakes it, and what is idle ends.
    """
    body: dict[str, object] = {"serviceName": name, "replicas": replicas}
    function, dot, namespace = name.rpartition(".")
    if dot:
        body |= {"serviceName": function, "namespace": namespace}
    place.api(hint="wherry list").ask(
        "POST", f"/system/scale-function/{quote(name, safe='')}", body=body
    )
    if is_json:
        print_json({"name": name, "replicas": replicas})
    else:
        note(f"{name}: {replicas} replicas are asked for")
    return 0
