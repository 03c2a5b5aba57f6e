"""Whatever a project says is written as Knative takes it, or told as lost; nothing is left out."""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from tests.builder.manifests.full_project import full_project, made
from tests.builder.project.test_properties import projects

from wherry_build.errors import ManifestError, ProjectFileInvalid
from wherry_build.lint.run import lint
from wherry_build.lint.source import read
from wherry_build.manifests import RenderOptions, Target, render
from wherry_build.manifests.coverage import MODEL_ALONE, covering, said_keys
from wherry_build.manifests.yaml import dump
from wherry_build.project import Function
from wherry_build.project.merging import merged
from wherry_build.project.shape import fields_of
from wherry_build.project.specification import FunctionSpecification
from wherry_build.project.specification.record import Record
from wherry_build.values import replaced

OPTIONS = RenderOptions(target=Target.KNATIVE, registry="ghcr.io/acme", tag="1.4.2")
USUAL = {
    "functions.orders.read_only_root",
    "functions.orders.resources.requests.memory",
    "functions.orders.resources.limits.memory",
    "functions.orders.scale.metric",
    "functions.orders.probes.liveness.path",
    "functions.orders.probes.liveness.timeout",
    "functions.orders.probes.readiness.failures",
    "functions.orders.revisions.stable.tag",  # its name, which a route gives it
    "functions.hello.scale.min",
    "functions.hello.scale.zero",
    "functions.sums.scale.target",
    "functions.sums.scale.zero",
    "brokers.default.delivery.retry",
    "brokers.default.delivery.backoff",
    "brokers.default.delivery.delay",
    "triggers.placed.broker",
}
"""What the full project says that would hold without a word as well."""


FULL = full_project()
KEYS = [
    key for key, pattern in said_keys(FULL.specification) if covering(pattern, MODEL_ALONE) is None
]


def without(value, key):
    """A record without one of its keys, or those of its records; None where it needs that key."""
    for field in fields_of(type(value)):
        inner = getattr(value, field.attribute)
        if field.key == key:
            needed = field.required or key in (*value.exactly_one, *value.at_least_one)
            empty = type(inner)() if isinstance(inner, (tuple, dict)) else None
            return None if needed else replaced(value, **{field.attribute: empty})
        if key.startswith(f"{field.key}."):
            rest = key.removeprefix(f"{field.key}.")
            inside = without if isinstance(inner, Record) else without_in
            changed = inside(inner, rest)
            return changed and replaced(value, **{field.attribute: changed})
    raise AssertionError(key)


def without_in(items: Mapping, key):
    (name,) = [each for each in items if key == each or key.startswith(f"{each}.")]
    if key == name:
        return {other: item for other, item in items.items() if other != name}
    changed = without(items[name], key.removeprefix(f"{name}."))
    return changed and {**items, name: changed}


def project_of(specification):
    functions = tuple(
        merged(
            Function(name=each.name, folder=each.folder, declarations=each.declarations),
            specification.functions.get(each.name, FunctionSpecification()),
        )
        for each in FULL.functions
    )
    return replaced(FULL, specification=specification, functions=functions)


@pytest.fixture(scope="module")
def full():
    return render(FULL, OPTIONS)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_written_or_told_as_lost_and_never_both(full, key):
    specification = without(FULL.specification, key)
    if specification is None or key in USUAL:
        return
    other = render(project_of(specification), OPTIONS)
    is_lost = key in {each.key for each in full.losses}
    assert (full.stream() != other.stream()) is not is_lost


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(projects())
def test_any_project_is_rendered_as_knative_takes_it(tmp_path_factory, said):
    try:
        project = made(dump(said))
        files = render(project, OPTIONS).files()
    except (ManifestError, ProjectFileInvalid):
        return
    folder = tmp_path_factory.mktemp("rendered")
    for file, text in files.items():
        (folder / file).write_text(text)
    found = [f"{each.rule} {each.message}" for each in lint(read([folder]))]
    assert [each for each in found if each.startswith(("KNA", "LNT"))] == []
