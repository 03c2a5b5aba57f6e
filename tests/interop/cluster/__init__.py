"""A real API server for custom resources, on loopback, for as long as a test needs it.

`with api_server() as cluster:` gives one with the definitions of `../shared/data/crds` installed;
`cluster.kubeconfig` is what kubectl wants, `cluster.apply(objects)` applies as kubectl would.
"""

from .client import Cluster, RefusedError
from .definitions import BUNDLE
from .processes import ToolAbsentError, api_server

__all__ = ["BUNDLE", "Cluster", "RefusedError", "ToolAbsentError", "api_server"]
