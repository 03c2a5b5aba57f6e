"""Rules over core Kubernetes objects, K8S001 to K8S014; importing it registers them."""

from wherry_build.lint.kubernetes import containers, placement, ports, scalars, selection, volumes

__all__ = ["containers", "placement", "ports", "scalars", "selection", "volumes"]
