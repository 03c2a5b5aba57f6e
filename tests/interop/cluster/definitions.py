"""CustomResourceDefinitions out of the bundle of schemas.

The bundle has a schema for each group, version and kind. What else a definition needs is put in
here: the plural, and the approval that a group of Kubernetes' own must name.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

BUNDLE = (
    Path(os.environ.get("WHERRY_SHARED_DATA") or Path(__file__).parents[4] / "shared/data")
    / "crds/bundle.json"
)
APPROVAL = {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api"}


def plural(kind: str) -> str:
    """The resource's name: `HTTPRoute` -> `httproutes`, `EventPolicy` -> `eventpolicies`."""
    lower = kind.lower()
    if lower.endswith(("s", "sh", "ch", "x")):
        return f"{lower}es"
    if lower.endswith("y") and lower[-2] not in "aeiou":
        return f"{lower[:-1]}ies"
    return f"{lower}s"


def definitions(bundle: dict) -> list[dict]:
    """One definition for each kind, with every version that the bundle has."""
    versions: dict[tuple[str, str], list] = defaultdict(list)
    for name, item in bundle.items():
        group, version, kind = name.split("/")
        versions[group, kind].append((version, item))
    return [_definition(group, kind, found) for (group, kind), found in versions.items()]


def read_definitions(file: Path = BUNDLE) -> list[dict]:
    """The definitions of the bundle in `file`."""
    return definitions(json.loads(file.read_text()))


def _definition(group: str, kind: str, versions: list) -> dict:
    name = plural(kind)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{name}.{group}",
            "annotations": APPROVAL if group.endswith(".k8s.io") else {},
        },
        "spec": {
            "group": group,
            "scope": versions[0][1]["scope"],
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": name,
                "singular": kind.lower(),
            },
            "versions": [
                {
                    "name": version,
                    "served": item["served"],
                    "storage": item["storage"],
                    "deprecated": item["deprecated"],
                    "schema": {"openAPIV3Schema": item["schema"]},
                    "subresources": {"status": {}},
                }
                for version, item in versions
            ],
        },
    }
