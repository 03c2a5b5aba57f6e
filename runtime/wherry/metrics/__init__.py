"""RED metrics of the function: counted per thread, shared between workers, shown to Prometheus."""

from wherry.metrics.ledger import Ledger as Ledger
from wherry.metrics.ledger import Shard as Shard
from wherry.metrics.shared import SharedTotals as SharedTotals

__all__ = ["Ledger", "Shard", "SharedTotals"]
