"""What is added to the model is added to the full project, which every emitter is held to."""

from tests.builder.manifests.full_project import FULL, full_project, small_project

from wherry_build.manifests.coverage import said_keys
from wherry_build.project.reading.project_text import read_project_text
from wherry_build.project.shape import Keyed, Named, fields_of
from wherry_build.project.specification import ProjectSpecification
from wherry_build.project.specification.eventing import Filter

ELSEWHERE = {"functions.*.handler", "functions.*.environment_files"}
"""What says where things are on the disk."""


def patterns(record, prefix=""):
    for field in fields_of(record):
        here = f"{prefix}{field.key}"
        shape = field.shape
        if isinstance(shape, Keyed) and shape.record is not Filter:
            yield from patterns(shape.record, f"{here}.")
        elif isinstance(shape, Named) and isinstance(shape.value, Keyed):
            yield from patterns(shape.value.record, f"{here}.*.")
        else:
            yield here


def test_every_key_is_said():
    said = read_project_text(FULL.encode(), path="wherry.yaml").specification
    missing = set(patterns(ProjectSpecification)) - {pattern for _, pattern in said_keys(said)}
    assert missing == ELSEWHERE


def test_the_projects_are_made():
    assert [each.name for each in full_project().functions] == ["audit", "hello", "orders", "sums"]
    assert [each.name for each in small_project().functions] == ["hello", "orders"]
