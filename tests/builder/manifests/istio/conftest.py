"""Projects from text, rendered with Istio and read back from the YAML."""

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
        return render(project, RenderOptions(target=target, mesh=Mesh.ISTIO, **options))

    return rendered


@pytest.fixture
def objects(rendered):
    """`objects(text)["VirtualService", "functions"]`."""

    def objects(text, target=Target.KUBERNETES, **options):
        found = yaml.safe_load_all(rendered(text, target, **options).stream())
        return {(each["kind"], each["metadata"]["name"]): each for each in found if "kind" in each}

    return objects


@pytest.fixture
def route(objects):
    """The only route of a project whose function is `hello`: `route("path: {exact: /a}")`."""

    def route(said, target=Target.KUBERNETES, functions="hello: {}"):
        text = f"""
namespace: fns
functions: {{{functions}}}
hosts: {{fns.example.com: {{}}}}
routes: {{r: {{{said}}}}}
"""
        virtual = objects(text, target)["VirtualService", "functions"]
        (found,) = virtual["spec"]["http"]
        return found

    return route


@pytest.fixture
def warnings(rendered):
    """What is told of a project besides, as one text."""

    def warnings(text, target=Target.KUBERNETES, **options):
        return "\n".join(rendered(text, target, **options).warnings)

    return warnings


@pytest.fixture
def losses(rendered):
    """What is lost of a project, by key."""

    def losses(text, target=Target.KUBERNETES, **options):
        return {each.key: each for each in rendered(text, target, **options).losses}

    return losses
