"""OpenFaaS: the stack file that unmodified faas-cli reads.

A function's folder is named relative to where faas-cli is run, not to the file; the caller says
what that is. Resources, scale and identity are said in the stack's own keys, for probes and
security there are none: the image itself answers `/_/health` and `/_/ready` and is not root.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from wherry_build import names
from wherry_build.manifests.document import Document
from wherry_build.manifests.yaml import Node
from wherry_build.project.model import Function

LANGUAGE = "python3-wherry"
STACK_FILE = "stack.yaml"


def gateway_url(text: str) -> str:
    """The address of a gateway as faas-cli takes it: `http://` when no scheme is said.

    Raises:
        InvalidName: It is none.
    """
    return names.url(text if "://" in text else f"http://{text}").rstrip("/")


def stack_document(
    functions: Iterable[tuple[Function, str]], *, gateway: str, working_directory: Path
) -> Document:
    """The stack file for `functions`, each with its image."""
    return Document(
        file=STACK_FILE,
        value={
            "version": "1.0",
            "provider": {"name": "openfaas", "gateway": gateway},
            "functions": {
                function.name: _function(function, image, working_directory)
                for function, image in functions
            },
        },
    )


def _function(function: Function, image: str, working_directory: Path) -> dict[str, Node]:
    resources = function.resources
    scale = function.scale
    made: dict[str, Node] = {
        "lang": LANGUAGE,
        "handler": _relative(function.folder, working_directory),
        "image": image,
        "environment": _environment(function),
        "labels": {
            "com.openfaas.scale.min": str(max(1, scale.least)),
            "com.openfaas.scale.max": str(scale.most),
            **function.labels,
        },
        "requests": {"cpu": resources.cpu_request, "memory": resources.memory_request},
        "limits": {"memory": resources.memory_limit},
        "readonly_root_filesystem": True,
    }
    annotations = dict(function.annotations)
    if function.declarations.event_types:
        # What an OpenFaaS event connector subscribes the function to.
        annotations["topic"] = ",".join(function.declarations.event_types)
    if annotations:
        made["annotations"] = annotations
    return made


def _environment(function: Function) -> dict[str, Node]:
    # OPENFAAS_NAME is set by the paid editions only; it is how the runtime knows the platform.
    made: dict[str, Node] = {
        "OPENFAAS_NAME": function.name,
        "WHERRY_TIMEOUT": f"{function.timeout_s}s",
    }
    if function.handler != "handler.py":
        # faas-cli lays the folder over the template's own, whose handler.py would be found first.
        made["WHERRY_HANDLER"] = str(PurePosixPath("/srv/function", function.handler))
    return {**made, **function.environment}


def _relative(folder: Path, working_directory: Path) -> str:
    relative = os.path.relpath(folder, working_directory).replace(os.sep, "/")
    return relative if relative.startswith(".") else f"./{relative}"
