"""`wherry schema`: the JSON Schema of wherry.yaml, for editors and for checks."""

from __future__ import annotations

from pathlib import Path

import click

from wherry_cli.notes import note


@click.command(
    epilog="""\b
Examples:
  wherry schema -o wherry.schema.json
  echo '# yaml-language-server: $schema=wherry.schema.json' > wherry.yaml"""
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to this file [default: stdout].",
)
def command(output: Path | None) -> None:
    """Print the JSON Schema of wherry.yaml.

    An editor that knows it completes keys and marks what is wrong. What one part of a project says
    of another is beyond a schema; `wherry render` tells that.
    """
    import json

    from wherry_build.project.json_schema import json_schema

    text = json.dumps(json_schema(), indent=2) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    note(f"wrote {output}")
