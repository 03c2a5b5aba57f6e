"""Definitions: read from YAML, JSON and bundles; and what is no definition."""

import json

import pytest

from wherry_build.errors import LintError
from wherry_build.lint.run import lint
from wherry_build.lint.schemas.catalogue import Schemas, read_schemas
from wherry_build.lint.source import read_text

DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "spec": {
        "group": "acme.example",
        "names": {"kind": "Ferry"},
        "versions": [
            {"name": "v1", "served": True, "schema": {"openAPIV3Schema": {"type": "object"}}},
            {"name": "v1alpha1", "served": False, "schema": {"openAPIV3Schema": {}}},
            {"name": "v2"},
        ],
    },
}
FERRY = ("acme.example/v1", "Ferry")
BUNDLE = {
    "acme.example/v1/Ferry": {"schema": {"type": "object"}, "served": True},
    "acme.example/v1beta1/Ferry": {"schema": {}, "served": False},
}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(DEFINITION)),
        ("a.yaml", json.dumps(DEFINITION)),
        ("deep/er/a.yml", f"# none\n---\n{json.dumps(DEFINITION)}\n---\n"),
        ("all.json", json.dumps({"kind": "List", "items": [{"kind": "Pod"}, DEFINITION]})),
        ("bundle.json", json.dumps(BUNDLE)),
    ],
)
def test_what_is_served_is_read(write, name, content):
    folder = write({name: content, "README.md": "not read", "other.yaml": "kind: Pod"})
    for path in (folder, folder / name):
        assert dict(read_schemas(path).served) == {FERRY: {"type": "object"}}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "got no schema"),
        ({"a.yaml": "kind: Pod"}, "got no schema"),
        ({"a.json": "{"}, r"a\.json: this cannot be read"),
        ({"a.json": "[" * 100_000}, r"a\.json: this cannot be read"),
        ({"a.yaml": "a: b: c"}, r"a\.yaml: this cannot be read"),
        ({"a.yaml": "a: !!python/object:os.system x"}, "cannot be read"),
        ({"a.json": b"\xff"}, "cannot be read"),
    ],
)
def test_what_is_none_is_told(write, tmp_path, files, said):
    with pytest.raises(LintError, match=said):
        read_schemas(write(files))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(LintError, match="no such file"):
        read_schemas(tmp_path / "none")


SCHEMAS = Schemas(
    served={FERRY: {"type": "object"}, ("gateway.networking.k8s.io/v1", "Gateway"): {}}
)


@pytest.mark.parametrize(
    ("api_version", "kind", "hint"),
    [
        ("acme.example/v1", "ferry", "did you mean 'Ferry'?"),
        ("acme.example/v1", "Fery", "did you mean 'Ferry'?"),
        ("acme.example/v2", "Ferry", "Ferry is served as acme.example/v1"),
        ("other.example/v1", "Ferry", ""),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", ""),
    ],
)
def test_a_kind_without_a_schema_is_noted(api_version, kind, hint):
    reading = read_text(f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n")
    (found,) = lint(reading, select=["SCH"], schemas=SCHEMAS)
    assert (found.rule, found.severity.value, found.hint) == ("SCH003", "note", hint)


@pytest.mark.parametrize(
    "api_version",
    ["v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "apiextensions.k8s.io/v1", "policy/v1"],
)
def test_kubernetes_own_kinds_have_no_definition(api_version):
    reading = read_text(f"apiVersion: {api_version}\nkind: Thing\nmetadata: {{name: a}}\n")
    assert lint(reading, select=["SCH"], schemas=SCHEMAS) == ()


def test_without_schemas_nothing_is_said():
    reading = read_text("apiVersion: other.example/v1\nkind: Ferry\nmetadata: {name: a}\n")
    assert lint(reading, select=["SCH"]) == ()
