"""`openfaas.com/v1 Function`, held to a schema of our own from the list of its fields."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from tests.builder.manifests.full_project import full_project, small_project

from wherry_build.manifests import Edition

SCHEMA = json.loads(Path(__file__).with_name("function.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SAME = ("image", "environment", "labels", "annotations", "secrets", "constraints", "requests")


@pytest.fixture
def objects(openfaas):
    """The Function objects by name."""

    def objects(project, **options):
        files = openfaas(project, function_objects=True, **options).files()
        read = {name: yaml.safe_load(text) for name, text in files.items() if name != "stack.yaml"}
        assert list(read) == [f"10-function-{each['spec']['name']}.yaml" for each in read.values()]
        return {each["metadata"]["name"]: each for each in read.values()}

    return objects


@pytest.mark.parametrize("edition", Edition)
@pytest.mark.parametrize("project", [full_project, small_project])
def test_they_are_valid(objects, project, edition):
    made = objects(project(), edition=edition)
    assert made
    for each in made.values():
        VALIDATOR.validate(each)


def test_the_schema_is_no_rubber_stamp(objects):
    (made,) = objects("functions: {hello: {}}").values()
    for broken in (
        {**made, "status": {}},
        {**made, "spec": {**made["spec"], "replicas": 1}},
        {**made, "spec": {**made["spec"], "labels": {"a": 1}}},
        {**made, "spec": {**made["spec"], "limits": {"gpu": "1"}}},
        {**made, "metadata": {"name": "hello"}},
    ):
        assert not VALIDATOR.is_valid(broken)


def test_they_say_what_the_stack_says(objects, stack):
    made = objects(full_project())
    read = stack(full_project())
    assert sorted(made) == sorted(read)
    for name, function in read.items():
        spec, head = made[name]["spec"], made[name]["metadata"]
        assert spec["name"] == name
        assert head["namespace"] == function["namespace"]
        assert spec["readOnlyRootFilesystem"] is function["readonly_root_filesystem"]
        assert spec["limits"] == function["limits"]
        for key in set(SAME) - {"environment"}:
            assert spec.get(key) == function.get(key), key
        for variable, value in function["environment"].items():
            assert spec["environment"][variable] == value.replace("$", "$$")
    assert made["orders-canary"]["metadata"]["labels"]["app.kubernetes.io/name"] == "orders"


def test_they_are_written_on_request_alone(openfaas):
    assert list(openfaas(full_project()).files()) == ["stack.yaml"]
