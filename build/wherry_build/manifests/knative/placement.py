"""Where labels and annotations of a function belong: on the Service, on its template, or nowhere.

Those of pods are the template's, as is all that the autoscaler and the queue proxy read. Knative
reads what is said of the network, and of a rollout, on the Service alone, and refuses some that
are its own to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wherry_build.manifests.emission import Loss

_OF_NETWORK = "networking.knative.dev/"
_OF_SERVING = "serving.knative.dev/"
_ROLLOUT = "serving.knative.dev/rollout-duration"
_KNATIVES_OWN = frozenset({"serving.knative.dev/creator", "serving.knative.dev/lastModifier"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What goes where.

    Attributes:
        service: On the Service.
        template: On its template.
        losses: What Knative refuses on either.
    """

    service: dict[str, str]
    template: dict[str, str]
    losses: tuple[Loss, ...]


def placed_labels(function: str, labels: Mapping[str, str]) -> Placement:
    """Labels of `function`."""
    refused = {key for key in labels if key.startswith(_OF_SERVING)}
    service = {key for key in labels if key.startswith(_OF_NETWORK)}
    return _placement(f"functions.{function}.labels", labels, service=service, refused=refused)


def placed_annotations(function: str, annotations: Mapping[str, str]) -> Placement:
    """Annotations of `function`."""
    refused = {key for key in annotations if key in _KNATIVES_OWN}
    service = {key for key in annotations if key.startswith(_OF_NETWORK) or key == _ROLLOUT}
    return _placement(
        f"functions.{function}.annotations", annotations, service=service, refused=refused
    )


def _placement(
    where: str, values: Mapping[str, str], *, service: set[str], refused: set[str]
) -> Placement:
    return Placement(
        service={key: value for key, value in values.items() if key in service},
        template={key: value for key, value in values.items() if key not in service | refused},
        losses=tuple(
            Loss(key=f"{where}.{key}", reason="Knative writes it itself, and refuses it here")
            for key in sorted(refused)
        ),
    )
