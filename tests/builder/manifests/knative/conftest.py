"""Projects from the text of a wherry.yaml, as Knative gets them."""

import pytest
import yaml
from tests.builder.manifests.full_project import made

from wherry_build.manifests import RenderOptions, Target, render


@pytest.fixture
def rendered():
    """A rendering: `rendered("functions: {hello: {}}", hello=Declarations(...))`."""

    def rendered(text, **declared):
        options = RenderOptions(target=Target.KNATIVE, registry="ghcr.io/acme", tag="1.4.2")
        return render(made(text, **declared), options)

    return rendered


@pytest.fixture
def objects(rendered):
    """The objects of a rendering by kind and name, as a reader of YAML has them."""

    def objects(text, **declared):
        found = yaml.safe_load_all(rendered(text, **declared).stream())
        return {(each["kind"], each["metadata"]["name"]): each for each in found}

    return objects


@pytest.fixture
def hello(objects):
    """The Service of a project's function `hello`, of which `said` is what the file says."""

    def hello(said, rest=""):
        return objects(f"functions: {{hello: {said}}}\n{rest}")["Service", "hello"]

    return hello


@pytest.fixture
def told(rendered):
    """What is told of a project: its losses by key, and its warnings."""

    def told(text, **declared):
        found = rendered(text, **declared)
        return {each.key: each for each in found.losses}, "\n".join(found.warnings)

    return told
