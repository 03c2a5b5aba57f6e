"""Rules over Knative's objects, KNA001 to KNA018; importing the package registers them."""

from wherry_build.lint.knative import (
    autoscaling,
    eventing,
    features,
    filters,
    kinds,
    mesh,
    pods,
    sink,
    traffic,
)

__all__ = [
    "autoscaling",
    "eventing",
    "features",
    "filters",
    "kinds",
    "mesh",
    "pods",
    "sink",
    "traffic",
]
