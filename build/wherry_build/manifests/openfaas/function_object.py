"""`openfaas.com/v1 Function`: a function as an object of Kubernetes, for OpenFaaS's operator."""

from __future__ import annotations

from collections.abc import Mapping

from wherry_build.manifests.document import Document, metadata
from wherry_build.manifests.openfaas.function import DeployedFunction
from wherry_build.manifests.yaml import Node


def function_document(function: DeployedFunction) -> Document:
    """The Function object of `function`."""
    spec: dict[str, Node] = {
        "name": function.name,
        "image": function.image,
        "environment": _unexpanded(function.environment),
        "labels": function.labels,
        "annotations": function.annotations,
        "secrets": function.secrets,
        "constraints": function.constraints,
        "requests": function.requests,
        "limits": function.limits,
        "readOnlyRootFilesystem": function.read_only_root,
    }
    return Document(
        file=f"10-function-{function.name}.yaml",
        value={
            "apiVersion": "openfaas.com/v1",
            "kind": "Function",
            "metadata": metadata(
                function.name, namespace=function.namespace, function=function.function
            ),
            "spec": {key: value for key, value in spec.items() if value not in ((), {})},
        },
    )


def _unexpanded(variables: Mapping[str, str]) -> dict[str, Node]:
    """Values that Kubernetes does not expand: `$(NAME)` in one stays what it is."""
    return {name: value.replace("$", "$$") for name, value in variables.items()}
