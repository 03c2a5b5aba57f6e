"""What is right gives no finding: configurations that are proven, and everything that we write."""

import os
from pathlib import Path

import pytest

from wherry_build.lint.run import lint
from wherry_build.lint.source import read
from wherry_build.manifests import Mesh, RenderOptions, Target, render

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("WHERRY_SHARED_DATA") or ROOT.parent / "shared/data")
PROVEN = SHARED.parent / "reference/proxies"


def told(path):
    reading = read([path])
    assert reading.documents
    return [f"{each.path}:{each.line} {each.rule} {each.message}" for each in lint(reading)]


@pytest.mark.shared
def test_proven_configurations_give_no_finding():
    if not PROVEN.is_dir():
        pytest.skip(f"{PROVEN} is not there")
    assert told(PROVEN) == []


@pytest.mark.parametrize("mesh", Mesh)
@pytest.mark.parametrize("target", Target)
def test_what_is_rendered_gives_no_finding(project, tmp_path, target, mesh):
    options = RenderOptions(
        target=target,
        mesh=mesh,
        registry="ghcr.io/acme",
        tag="1.4.2",
        host=None if mesh is Mesh.NONE else "fns.example.com",
        tls_secret=None if mesh is Mesh.NONE else "fns-tls",
    )
    for path, text in render(project, options).files().items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert told(tmp_path) == []
