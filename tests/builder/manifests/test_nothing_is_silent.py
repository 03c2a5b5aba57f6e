"""What wherry.yaml says is in what is rendered, or among what is told as lost.

Each key of the full project is left out, and where that is as if its default were said, its value
is changed: either what is rendered is another, or the key is told. Ordinarily each key meets a few
of the ways to render, which take turns; `make harden` does all with all that differ.
"""

import copy
import functools
import re
from contextlib import suppress

import pytest
import yaml
from tests.builder.manifests.full_project import FULL, made
from tests.builder.manifests.matrix import WAYS, every_way, name, options

from wherry_build.errors import ManifestError, ProjectFileInvalid
from wherry_build.manifests.options import Mesh, Sidecar
from wherry_build.manifests.render import render
from wherry_build.manifests.yaml import dump

TREE = yaml.safe_load(FULL)
# How the project is read, and what the command says instead of it.
ELSEWHERE = {("version",), ("registry", "prefix")}
# How an image is made.
BUILD = "build"
# Each says again what another says: nothing, for what may go to nothing; not, for two at least.
AGAIN = {
    ("functions", "hello", "scale", "min"),
    ("functions", "hello", "scale", "zero"),
    ("functions", "sums", "scale", "zero"),
}
# Other values for what is one of a set, or the name of something.
WORDS = (
    "permissive", "disable", "cpu", "rps", "concurrency", "linear", "exponential", "round_robin",
    "random", "slow", "default", "hello", "audit", "stable", "canary", "@daily",
    "plain.example.com",
)  # fmt: skip


def leaves(tree, path=()):
    """The paths of the keys that hold no further keys."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, item in inner:
        here = (*path, key)
        holds_more = item and isinstance(item, (dict, list))
        if holds_more and (isinstance(item, dict) or isinstance(item[0], dict)):
            yield from leaves(item, here)
        elif isinstance(tree, dict):
            yield here


def others(value):
    """Values to say instead of `value`."""
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1]
        case str():
            bumped = re.sub(r"\d+", lambda found: str(int(found[0]) + 1), value, count=1)
            return [bumped, f"{value}x", *WORDS]
        case [_, *rest]:
            return [rest]
    return []


def changed(path):
    """The full project without what is at `path`, and with other things there, if accepted."""
    value = functools.reduce(lambda tree, key: tree[key], path, TREE)
    for other in (None, *(each for each in others(value) if each != value)):
        tree = copy.deepcopy(TREE)
        holder = functools.reduce(lambda tree, key: tree[key], path[:-1], tree)
        if other is None:
            del holder[path[-1]]
        else:
            holder[path[-1]] = other
        with suppress(ProjectFileInvalid):
            yield made(dump(tree))


KEYS = [
    path
    for path in leaves(TREE)
    if path not in ELSEWHERE | AGAIN and BUILD not in (path[0], *path[2:])
]


def seen(project, way):
    """All that comes out of a rendering; none where it is refused, which is no silence."""
    try:
        rendering = render(project, options(way))
    except ManifestError:
        return None
    return rendering.files(), rendering.losses


def is_told(path, losses):
    """Whether a loss names the key or what it is in; items of a list are told as the list."""
    names = []
    for part in path:
        if isinstance(part, int):
            break
        names.append(part)
    return any(".".join(names[:end]) in losses for end in range(1, len(names) + 1))


def silent(way, keys):
    """Those of `keys` that nobody would miss."""
    before = seen(made(dump(TREE)), way)
    told = {loss.key for loss in before[1]}
    return [
        ".".join(map(str, path))
        for path in keys
        if not is_told(path, told) and is_unseen(path, way, before)
    ]


def is_unseen(path, way, before):
    """Whether nothing that the model takes there makes a difference; no, where it takes nothing."""
    tried = 0
    for project in changed(path):
        if seen(project, way) != before:
            return False
        tried += 1
    return tried > 0


@every_way
def test_some_keys_are_written_or_told(way):
    assert silent(way, KEYS[WAYS.index(way) :: len(WAYS)]) == []


@pytest.mark.hardening
@pytest.mark.parametrize(
    "way", [way for way in WAYS if Mesh.NONE in way or Sidecar.NONE in way], ids=name
)
def test_every_key_is_written_or_told(way):
    assert silent(way, KEYS) == []


@pytest.mark.hardening
def test_most_keys_can_be_changed():
    """Guards the tests above: where the model takes no other value there is nothing to see."""
    fixed = [path for path in KEYS if not any(changed(path))]
    assert len(fixed) < len(KEYS) / 8, fixed
    assert len(KEYS) > 150
