"""The files of a rendering: one object a file, a kustomization, and what was lost. No I/O.

10-service-hello.yaml      one object a file, in apply order
kustomization.yaml         the objects, for `kubectl apply -k` and whatever reads Kustomize
LOSSES.md                  what wherry.yaml says and the target cannot carry
stack.yaml                 OpenFaaS's stack file, which is no object of Kubernetes
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from wherry_build.manifests.emission import Loss
from wherry_build.manifests.render import Rendering
from wherry_build.manifests.yaml import dump

KUSTOMIZATION = "kustomization.yaml"
LOSSES = "LOSSES.md"
_OBJECT_FILE = re.compile(r"[0-9]{2}-[a-z0-9.-]+\.yaml")


def files(rendering: Rendering) -> dict[str, str]:
    """Text by path relative to the output folder."""
    made = rendering.files()
    objects = [file for file in made if _OBJECT_FILE.fullmatch(file)]
    if objects:
        made[KUSTOMIZATION] = dump(
            {
                "apiVersion": "kustomize.config.k8s.io/v1beta1",
                "kind": "Kustomization",
                "resources": objects,
            }
        )
    if rendering.losses:
        made[LOSSES] = losses_page(rendering.losses)
    return made


def stale(there: Iterable[str], written: Collection[str]) -> list[str]:
    """Those of the files `there` that a rendering before this one left, sorted."""
    return sorted(
        file
        for file in there
        if file not in written and (_OBJECT_FILE.fullmatch(file) or file in {KUSTOMIZATION, LOSSES})
    )


def losses_page(losses: Sequence[Loss]) -> str:
    """The losses as a page of Markdown."""
    rows = [
        f"| {_cell(each.key)} | {_cell(each.reason)} | {_cell(each.instead)} |" for each in losses
    ]
    return "\n".join(
        [
            "# What this target loses",
            "",
            "`wherry.yaml` says these, and the objects in this folder do not carry them.",
            "",
            "| key | why | instead |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _cell(text: str) -> str:
    return re.sub(r"([|`*_<>\\\[\]])", r"\\\1", " ".join(text.split())) if text else ""
