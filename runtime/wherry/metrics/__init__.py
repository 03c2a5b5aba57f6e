"""RED metrics of the functions: counted per thread, shared between workers, shown to Prometheus."""

from wherry.metrics.ledger import Ledger as Ledger
from wherry.metrics.ledger import Shard as Shard
from wherry.metrics.snapshot import Number as Number
from wherry.metrics.snapshot import Numbers as Numbers
from wherry.metrics.snapshot import Snapshot as Snapshot
from wherry.metrics.snapshot import function_key as function_key
from wherry.metrics.snapshot import number_key as number_key

__all__ = [
    "Ledger",
    "Number",
    "Numbers",
    "Shard",
    "Snapshot",
    "function_key",
    "number_key",
]
