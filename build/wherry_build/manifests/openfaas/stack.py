"""OpenFaaS: the stack file that unmodified faas-cli reads.

A function's folder is named relative to where faas-cli is run, not to the file; the caller says
what that is. Everything is said in the stack's own keys, for probes and security there are none:
the image itself answers `/_/health` and `/_/ready` and is not root.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from wherry_build import names
from wherry_build.manifests.document import Document
from wherry_build.manifests.openfaas.function import DeployedFunction
from wherry_build.manifests.yaml import Node
from wherry_build.template.catalogue import LANGUAGE

STACK_FILE = "stack.yaml"


def gateway_url(text: str) -> str:
    """The address of a gateway as faas-cli takes it: `http://` when no scheme is said.

    Raises:
        InvalidName: It is none.
    """
    return names.url(text if "://" in text else f"http://{text}").rstrip("/")


def template_repository(text: str) -> str:
    """The repository of a template as faas-cli takes it: a URL, with `#` and a branch or tag.

    Raises:
        InvalidName: It is none.
    """
    repository, mark, reference = text.partition("#")
    names.url(repository)
    if mark:
        names.image_tag(reference)
    return text


def stack_document(
    functions: Iterable[DeployedFunction],
    *,
    gateway: str,
    working_directory: Path,
    template_source: str | None = None,
) -> Document:
    """The stack file for `functions`.

    Args:
        functions: In their order.
        gateway: Address of the gateway.
        working_directory: Where faas-cli is going to be run.
        template_source: Repository that it gets the template from; None where that is at hand.

    Raises:
        InvalidName: The repository is no URL.
    """
    value: dict[str, Node] = {
        "version": "1.0",
        "provider": {"name": "openfaas", "gateway": gateway},
        "functions": {each.name: _function(each, working_directory) for each in functions},
    }
    if template_source is not None:
        source = template_repository(template_source)
        value["configuration"] = {"templates": [{"name": LANGUAGE, "source": source}]}
    return Document(file=STACK_FILE, value=value)


def _function(function: DeployedFunction, working_directory: Path) -> dict[str, Node]:
    made: dict[str, Node] = {
        "lang": LANGUAGE,
        "handler": _relative(function.folder, working_directory),
        "image": function.image,
        "namespace": function.namespace,
        "environment": function.environment,
        "secrets": function.secrets,
        "labels": function.labels,
        "annotations": function.annotations,
        "constraints": function.constraints,
        "requests": function.requests,
        "limits": function.limits,
        "readonly_root_filesystem": function.read_only_root,
    }
    if not function.is_built:
        made["skip_build"] = True
    return {key: value for key, value in made.items() if value not in ((), {})}


def _relative(folder: Path, working_directory: Path) -> str:
    relative = os.path.relpath(folder, working_directory).replace(os.sep, "/")
    return relative if relative.startswith(".") else f"./{relative}"
