"""What plain Kubernetes leaves to a mesh or a sidecar is carried by it, or told as lost."""

import importlib
import importlib.util

import pytest
from tests.builder.manifests.full_project import full_project

from wherry_build.manifests import Mesh, RenderOptions, Sidecar, Target, render
from wherry_build.manifests.coverage import covering

SHARE = "functions.*.revisions.*.percent"
CALLERS = "functions.*.authorization.allow"
KEYS = {
    SHARE: "functions.orders.revisions.stable.percent",
    CALLERS: "functions.orders.authorization.allow",
}


BY_ROUTES = {SHARE: Sidecar}
"""What a kind of emitter carries as part of its routes."""


def packages():
    for choice in (*Mesh, *Sidecar):
        name = choice.value.replace("-", "_")
        if isinstance(choice, Sidecar):
            name = f"sidecar.{name}"
        if choice.value != "none" and importlib.util.find_spec(f"wherry_build.manifests.{name}"):
            yield choice, name


@pytest.mark.parametrize(("choice", "name"), list(packages()), ids=str)
@pytest.mark.parametrize("pattern", KEYS)
def test_what_is_left_to_it_is_carried_or_lost(choice, name, pattern):
    package = importlib.import_module(f"wherry_build.manifests.{name}")
    chosen = {"sidecar" if isinstance(choice, Sidecar) else "mesh": choice}
    options = RenderOptions(
        target=Target.KUBERNETES, registry="ghcr.io/acme", host="fns.example.com", **chosen
    )
    lost = [each.key for each in render(full_project(), options).losses]
    is_carried = isinstance(choice, BY_ROUTES.get(pattern, ())) or (
        covering(pattern, package.CARRIED) is not None
    )
    assert is_carried or KEYS[pattern] in lost
    assert lost.count(KEYS[pattern]) <= 1, "told once, by whoever it is left to"


def test_istio_carries_all_of_it():
    options = RenderOptions(
        target=Target.KUBERNETES, registry="ghcr.io/acme", host="fns.example.com", mesh=Mesh.ISTIO
    )
    assert not {each.key for each in render(full_project(), options).losses} & set(KEYS.values())
