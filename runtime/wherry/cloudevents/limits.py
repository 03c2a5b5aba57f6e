"""How much of an event the codec takes before it answers 413.

The size of a whole request is the server's to bound; this module knows only what a codec sees.
"""

from __future__ import annotations

from wherry.values import frozen


@frozen
class Limits:
    """Bounds on one message.

    Attributes:
        attribute_chars: Longest value of an attribute, as it came.
        attributes: Most attributes of one event.
        events: Most events of one batch.
    """

    attribute_chars: int = 65_536
    attributes: int = 256
    events: int = 1_000


DEFAULT = Limits()
