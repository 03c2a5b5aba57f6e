"""Rendering for OpenFaaS from the text of a wherry.yaml."""

import pytest
import yaml
from tests.builder.manifests.full_project import made

from wherry_build.manifests import Edition, RenderOptions, Target, render
from wherry_build.project import Project


@pytest.fixture
def openfaas():
    """Render a project, or the text of one: `openfaas("functions: {hello: {}}", edition=...)`."""

    def openfaas(project, declared=None, **options):
        if not isinstance(project, Project):
            project = made(project, **(declared or {}))
        options.setdefault("edition", Edition.PRO)
        options.setdefault("registry", "ghcr.io/acme")
        return render(project, RenderOptions(target=Target.OPENFAAS, **options))

    return openfaas


@pytest.fixture
def stack(openfaas):
    """The functions of the stack file, as a reader of it gets them."""

    def stack(project, declared=None, **options):
        rendering = openfaas(project, declared, **options)
        return yaml.safe_load(rendering.files()["stack.yaml"])["functions"]

    return stack


@pytest.fixture
def lost(openfaas):
    """The losses, by key."""

    def lost(project, declared=None, **options):
        losses = openfaas(project, declared, **options).losses
        return {each.key: each.reason for each in losses}

    return lost
