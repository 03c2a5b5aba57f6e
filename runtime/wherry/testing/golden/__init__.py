"""Golden events: messages of every kind, each with the events that it means or its problem.

Data for parametrised tests, here and of whoever writes a server or a function. What a message
means is written out beside it and not found by our own decoder. It must not know how a message is
sent.
"""

from wherry.testing.golden.events import GOLDEN
from wherry.testing.golden.faults import GOLDEN_FAULTS
from wherry.testing.golden.message import Golden

__all__ = ["GOLDEN", "GOLDEN_FAULTS", "Golden"]
