"""Projects from text, rendered for plain Kubernetes and read back from the YAML."""

import pytest
import yaml
from tests.builder.manifests.full_project import made

from wherry_build.manifests import RenderOptions, Target, render
from wherry_build.manifests.kubernetes import emit
from wherry_build.manifests.resolution import topology


@pytest.fixture
def rendered():
    """`rendered("functions: ...", monitoring=True)`: a Rendering."""

    def render_text(text, *, declared=None, **options):
        project = made(text, **(declared or {})) if isinstance(text, str) else text
        options = {"registry": "ghcr.io/acme", "tag": "1.4.2", **options}
        return render(project, RenderOptions(target=Target.KUBERNETES, **options))

    return render_text


@pytest.fixture
def objects(rendered):
    """`objects(text)["Deployment", "hello"]`."""

    def by_kind_and_name(text, **options):
        return {
            (each["kind"], each["metadata"]["name"]): each
            for each in yaml.safe_load_all(rendered(text, **options).stream())
        }

    return by_kind_and_name


@pytest.fixture
def with_addition():
    """Objects of a project to whose pods something is added."""

    def emitted(text, addition, **options):
        options = RenderOptions(target=Target.KUBERNETES, registry="ghcr.io/acme", **options)
        emission = emit(topology(made(text), options), options, addition)
        return {
            (each.value["kind"], each.value["metadata"]["name"]): each.value
            for each in emission.documents
        }, emission

    return emitted
