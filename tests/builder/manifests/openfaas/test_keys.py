"""Nothing that wherry.yaml says is left out silently: when a key is taken out, that is seen."""

import copy
import json

import pytest
from ruamel.yaml import YAML
from tests.builder.manifests.full_project import FULL, made

from wherry_build.errors import BuildError
from wherry_build.manifests import Edition, RenderOptions, Target, render
from wherry_build.project import Declarations

TYPES = ("com.acme.order.placed", "com.acme.order.changed")
DECLARED = {
    "orders": Declarations(http=True, event_types=TYPES),
    "audit": Declarations(http=False),
}
SAME = {"version", "registry.prefix"}
SAME |= {"functions.orders.read_only_root", "functions.orders.event_types"}
SAME |= {f"functions.orders.resources.{key}.memory" for key in ("requests", "limits")}
SAME |= {"functions.sums.scale.zero"}
BUILDS = ("build", "functions.hello.build")
"""What the full project says, and what would be so anyway."""
SAME_BY_EDITION = {
    Edition.CE: {"functions.orders.scale.min"},
    Edition.PRO: {
        "functions.orders.scale.metric",
        "functions.hello.scale.min",
        "functions.hello.scale.zero",
        "functions.sums.scale.target",
    },
}


def ways(said, way=()):
    """Every key, each as the way to it."""
    for key, value in said.items():
        yield (*way, key)
        if isinstance(value, dict):
            yield from ways(value, (*way, key))


def without(said, way):
    left = copy.deepcopy(said)
    inner = left
    for key in way[:-1]:
        inner = inner[key]
    del inner[way[-1]]
    return left


def rendered(said, edition):
    options = RenderOptions(target=Target.OPENFAAS, edition=edition, registry="r")
    rendering = render(made(json.dumps(said), **DECLARED), options)
    return rendering.stream(), {each.key for each in rendering.losses}


@pytest.mark.parametrize("edition", Edition)
def test_a_key_is_written_or_lost(edition):
    said = YAML(typ="safe", pure=True).load(FULL)
    text, lost = rendered(said, edition)
    unseen = set()
    for way in ways(said):
        key = ".".join(way)
        if f"{key}.".startswith(tuple(f"{each}." for each in BUILDS)):
            continue  # how an image is made
        if any(f"{each}.".startswith(f"{key}.") for each in lost):
            continue
        try:
            is_same = rendered(without(said, way), edition)[0] == text
        except BuildError:
            continue  # what is left is no project
        if is_same:
            unseen.add(key)
    assert unseen - SAME - SAME_BY_EDITION[edition] == set()
