"""Rendered objects pass the schemas of the custom resources themselves, strictly.

The schemas are read in place (`../shared/data/crds`, or `$WHERRY_SHARED_DATA`). As strictly as an
API server with field validation `Strict`: a key that a schema does not know is an error.
"""

import copy
import json
import os
from pathlib import Path

import jsonschema
import pytest
import yaml

from wherry_build.manifests import Mesh, RenderOptions, Target, render
from wherry_build.project import Project, Scale

pytestmark = pytest.mark.shared

DATA = Path(os.environ.get("WHERRY_SHARED_DATA") or Path(__file__).parents[3] / "shared/data")
KUBERNETES_OWN = {"v1", "apps/v1", "autoscaling/v2", "networking.k8s.io/v1", "policy/v1"}
METADATA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "namespace"],
    "properties": {
        "name": {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\Z"},
        "namespace": {"type": "string"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def closed(schema):
    """The schema with every object closed to keys that it does not name.

    Inside `oneOf`, `anyOf`, `allOf` and `not` the schemas of a structural schema speak about parts
    of an object that is described outside, so they stay open.
    """
    schema = copy.copy(schema)
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
        return {"type": ["integer", "string"]}
    if schema.pop("nullable", False) and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if "properties" in schema:
        schema["properties"] = {key: closed(item) for key, item in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            schema[key] = closed(schema[key])
    return schema


@pytest.fixture(scope="module")
def schemas():
    bundle = DATA / "crds/bundle.json"
    if not bundle.is_file():
        pytest.skip(f"{bundle} is absent")
    return json.loads(bundle.read_text())


def faults(schemas, item):
    found = schemas[f"{item['apiVersion']}/{item['kind']}"]["schema"]
    schema = closed(found)
    schema["properties"] |= {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": METADATA,
    }
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(item)]


@pytest.fixture
def full(make_function):
    """A project that uses every feature of the model."""
    return Project(
        root=Path("/src"),
        functions=(
            make_function(
                "hello",
                environment={"GREETING": "on", "N": "1e3"},
                labels={"team": "007"},
                annotations={"note": "2026-11-22"},
                scale=Scale(least=1, most=3, target=5),
                timeout_s=600,
                concurrency=0,
            ),
            make_function("orders", event_types=("com.acme.order.placed",), http=False),
            make_function("both", event_types=("a.b", "c.d")),
        ),
    )


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("tls_secret", [None, "fns-tls"])
def test_every_object_passes_its_schema(schemas, full, target, tls_secret):
    options = RenderOptions(
        target=target, mesh=Mesh.ISTIO, host="fns.example.com", tls_secret=tls_secret
    )
    items = [
        item
        for item in yaml.safe_load_all(render(full, options).stream())
        if "kind" in item and item["apiVersion"] not in KUBERNETES_OWN
    ]
    assert len(items) == (7 if target is Target.KNATIVE else 2)
    for item in items:
        assert faults(schemas, item) == [], item["kind"]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Service", lambda item: item["spec"].update(trafic=[])),
        ("Service", lambda item: item["metadata"]["labels"].update(n=1)),
        ("Service", lambda item: item["spec"]["template"]["spec"].update(timeoutSeconds="30s")),
        ("Trigger", lambda item: item["spec"].update(broker=1)),
        ("Trigger", lambda item: item["spec"]["subscriber"].update(url="http://x")),
        ("VirtualService", lambda item: item["spec"].update(http={})),
        ("VirtualService", lambda item: item["spec"]["http"][0].update(wieght=1)),
        (
            "VirtualService",
            lambda item: item["spec"]["http"][0]["match"][0]["uri"].update(prefix="/both"),
        ),
        ("Gateway", lambda item: item["spec"]["servers"][0]["tls"].update(mode="SIMPEL")),
    ],
)
def test_the_schemas_are_held_strictly(schemas, full, kind, change):
    """Guards the test above: each fault that a typing error would make is found."""
    options = RenderOptions(
        target=Target.KNATIVE, mesh=Mesh.ISTIO, host="fns.example.com", tls_secret="fns-tls"
    )
    items = yaml.safe_load_all(render(full, options).stream())
    item = next(item for item in items if item["kind"] == kind)
    assert faults(schemas, item) == []
    change(item)
    assert faults(schemas, item) != []
