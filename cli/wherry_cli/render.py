"""`wherry render`: the manifests of a project, to stdout or a folder."""

from __future__ import annotations

from pathlib import Path

import click

from wherry_build.manifests.options import LOCAL_REGISTRY
from wherry_cli.notes import note, warn


@click.command(
    epilog="""\b
Examples:
  wherry render --target knative --registry ghcr.io/acme | kubectl apply -f -
  wherry render --target openfaas --registry ghcr.io/acme -o deploy/
  wherry render functions/orders --target knative --mesh istio --host fns.example.com"""
)
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("--target", type=click.Choice(["openfaas", "knative"]), required=True)
@click.option("--mesh", type=click.Choice(["none", "istio"]), default="none", show_default=True)
@click.option("--namespace", "-n", help="Namespace [default: wherry.yaml's, or the platform's].")
@click.option("--registry", help=f"Prefix of images [default: wherry.yaml's, or {LOCAL_REGISTRY}].")
@click.option("--tag", default="latest", show_default=True, help="Tag of images.")
@click.option("--host", help="Host that the mesh's gateway serves.")
@click.option("--tls-secret", help="Secret with the host's certificate.")
@click.option(
    "--gateway",
    default="http://127.0.0.1:8080",
    show_default=True,
    metavar="URL",
    help="OpenFaaS gateway.",
)
@click.option(
    "--env", "environment", metavar="NAME", default="", help="Environment of wherry.yaml."
)
@click.option("--function", "functions", multiple=True, help="Only this function; repeatable.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write one object a file into this folder [default: all to stdout].",
)
def command(
    path: Path,
    target: str,
    mesh: str,
    namespace: str | None,
    registry: str | None,
    tag: str,
    host: str | None,
    tls_secret: str | None,
    gateway: str,
    environment: str,
    functions: tuple[str, ...],
    output: Path | None,
) -> None:
    """Write the manifests of the functions at PATH.

    With --target openfaas and a folder, faas-cli's template is written beside the stack file, so
    that `faas-cli build` works there as it is. What wherry.yaml says and the target is not given
    yet is told, key by key.
    """
    from wherry_build.manifests import Mesh, RenderOptions, Target, render
    from wherry_build.project import read_project, select

    project = select(read_project(path, environment=environment), functions)
    rendering = render(
        project,
        RenderOptions(
            target=Target(target),
            mesh=Mesh(mesh),
            namespace=namespace,
            registry=registry if registry is not None else project.registry or LOCAL_REGISTRY,
            tag=tag,
            gateway=gateway,
            host=host,
            tls_secret=tls_secret,
            working_directory=(output or Path()).resolve(),
        ),
    )
    warn(rendering.warnings)
    if output is None:
        click.echo(rendering.stream(), nl=False)
        return
    files = {name: text.encode() for name, text in rendering.files().items()}
    if Target(target) is Target.OPENFAAS:
        from wherry_build.template import template_files

        files |= {f"template/{name}": content for name, content in template_files().items()}
    for name, content in files.items():
        file = output / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    note(f"wrote {len(files)} files to {output}")
