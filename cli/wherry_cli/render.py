"""`wherry render`: the manifests of a project, to stdout or a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from wherry_build.manifests.options import RenderOptions, Target
from wherry_cli.notes import note, warn
from wherry_cli.rendering import Request, rendering_options


@click.command(
    epilog="""\b
Examples:
  wherry render --target knative --registry ghcr.io/acme | kubectl apply -f -
  wherry render --target openfaas --registry ghcr.io/acme -o deploy/
  wherry render --target kubernetes --mesh istio --env staging -o deploy/staging
  wherry render --target knative --canary --step 10 --step 50 -o rollout/
  wherry render functions/orders --target knative --mesh istio --host fns.example.com"""
)
@rendering_options
@click.option("--canary", is_flag=True, help="Write a folder for each step of a canary; needs -o.")
@click.option(
    "--step",
    "steps",
    type=click.IntRange(1, 99),
    multiple=True,
    metavar="PERCENT",
    help="Share of the newest revision in a step of the canary; repeatable.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write one object a file into this folder [default: all to stdout].",
)
@click.option("--prune", is_flag=True, help="Delete objects that an earlier rendering left there.")
def command(
    request: Request, canary: bool, steps: tuple[int, ...], output: Path | None, prune: bool
) -> None:
    """Write the manifests of the functions at PATH.

    What wherry.yaml says and the target cannot carry is told on the standard error, and written to
    LOSSES.md in a folder. With --target openfaas and a folder, faas-cli's template is written
    beside the stack file, so that `faas-cli build` works there as it is.
    """
    if output is None:
        _refuse_without_output(canary=canary, steps=steps, prune=prune)
    if steps and not canary:
        raise click.UsageError("--step is for a canary; give --canary as well")
    project = request.project()
    options = request.options_for(project, working_directory=(output or Path()).resolve())
    if canary and output is not None:
        from wherry_build.manifests.canary import render_canary

        made = render_canary(project, options, steps)
        request.tell(made.rendering)
        _write(made.files, output, options, prune=prune)
        return
    from wherry_build.manifests.render import render

    rendering = render(project, options)
    request.tell(rendering)
    if output is None:
        click.echo(rendering.stream(), nl=False)
        return
    from wherry_build.manifests.layout import files

    _write(files(rendering), output, options, prune=prune)


def _refuse_without_output(*, canary: bool, steps: tuple[int, ...], prune: bool) -> None:
    for option, given in (("--canary", canary), ("--step", steps), ("--prune", prune)):
        if given:
            raise click.UsageError(f"{option} writes a folder; give -o DIR")


def _write(texts: Mapping[str, str], output: Path, options: RenderOptions, *, prune: bool) -> None:
    for name, text in texts.items():
        file = output / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    written = len(texts)
    if options.target is Target.OPENFAAS:
        written += _write_templates(texts, output)
    _clear(texts, output, prune=prune)
    note(f"wrote {written} files to {output}")


def _write_templates(texts: Mapping[str, str], output: Path) -> int:
    """Write the template beside each stack file; how many files it has there."""
    from wherry_build.manifests.openfaas.stack import STACK_FILE
    from wherry_build.template import LANGUAGE, export_templates

    folders = sorted({Path(name).parent for name in texts if Path(name).name == STACK_FILE})
    done = [
        export_templates(output / folder, [LANGUAGE], has_plain=False, force=True)
        for folder in folders
    ]
    return sum(len(each.written) + each.unchanged for each in done)


def _clear(written: Mapping[str, str], output: Path, *, prune: bool) -> None:
    """Tell of, or delete, what an earlier rendering left beside what was written now."""
    from wherry_build.manifests.layout import stale

    folders = sorted({Path(name).parent for name in written})
    for folder in folders:
        there = [file.name for file in (output / folder).iterdir() if file.is_file()]
        here = {Path(name).name for name in written if Path(name).parent == folder}
        for name in stale(there, here):
            file = output / folder / name
            if prune:
                file.unlink()
                note(f"deleted {file}")
            else:
                warn([f"{file} is left from before; --prune deletes it"])
