"""The label with the project's name, where one is given, on every object and on no pod."""

import copy

import pytest
from tests.builder.manifests.full_project import full_project
from tests.builder.manifests.matrix import every_way, options

from wherry_build.errors import InvalidName
from wherry_build.manifests.render import render

LABEL = "app.kubernetes.io/part-of"


@every_way
def test_objects_have_it_and_nothing_else_is_other(way):
    plain = render(full_project(), options(way)).documents
    for before, after in zip(
        plain, render(full_project(), options(way, part_of="shop")).documents, strict=True
    ):
        value = copy.deepcopy(after.value)
        if "kind" in value:
            assert value["metadata"]["labels"].pop(LABEL) == "shop"
        assert (after.file, value) == (before.file, before.value)


@pytest.mark.parametrize("name", ["A", "a b", "-a", "a" * 64, "a\n"])
def test_what_is_no_name(name):
    with pytest.raises(InvalidName, match="project"):
        render(full_project(), options(every_way.args[1][0], part_of=name))
