"""Projects from text, rendered with the Gateway API and read back from the YAML."""

import pytest
import yaml
from tests.builder.manifests.full_project import made

from wherry_build.manifests import Mesh, RenderOptions, Target, render


@pytest.fixture
def rendered():
    """`rendered("functions: ...", Target.KNATIVE)`: a Rendering."""

    def rendered(text, target=Target.KUBERNETES, **options):
        options = {"registry": "ghcr.io/acme", "tag": "1.4.2", **options}
        project = made(text) if isinstance(text, str) else text
        return render(project, RenderOptions(target=target, mesh=Mesh.GATEWAY_API, **options))

    return rendered


@pytest.fixture
def objects(rendered):
    """`objects(text)["HTTPRoute", "hello"]`."""

    def objects(text, target=Target.KUBERNETES, **options):
        found = yaml.safe_load_all(rendered(text, target, **options).stream())
        return {(each["kind"], each["metadata"]["name"]): each for each in found if "kind" in each}

    return objects


@pytest.fixture
def rules(objects):
    """The rules of the only route of a project: `rules("function: hello, path: {exact: /a}")`."""

    def rules(said, target=Target.KUBERNETES, functions="hello: {}"):
        return objects(project_of(said, functions), target)["HTTPRoute", "r"]["spec"]["rules"]

    return rules


@pytest.fixture
def losses(rendered):
    """What is lost of a project with one route, by key."""

    def losses(said, target=Target.KUBERNETES, functions="hello: {}"):
        text = said if "\n" in said else project_of(said, functions)
        return {each.key: each for each in rendered(text, target).losses}

    return losses


@pytest.fixture
def warnings(rendered):
    """What is told besides of a project with one route, as one text."""

    def warnings(said, target=Target.KUBERNETES, functions="hello: {}"):
        return "\n".join(rendered(project_of(said, functions), target).warnings)

    return warnings


def project_of(said, functions):
    return f"""
namespace: fns
functions: {{{functions}}}
hosts: {{fns.example.com: {{}}}}
routes: {{r: {{{said}}}}}
"""
