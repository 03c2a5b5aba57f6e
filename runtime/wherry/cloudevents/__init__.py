"""CloudEvents over HTTP: bytes to events and back, without I/O.

Strict (what the specification forbids is refused), total (any bytes give events or an
`EventError`, nothing else) and faithful (nothing is added that the producer did not send, and
nothing is lost). It knows nothing of sockets, handlers, configuration or Flask.
"""

from wherry.cloudevents.batch import decode_batch, encode_batch
from wherry.cloudevents.binary import decode_binary, encode_binary
from wherry.cloudevents.event import CloudEvent
from wherry.cloudevents.faults import InvalidEvent
from wherry.cloudevents.headers import HeaderEncoding
from wherry.cloudevents.limits import Limits
from wherry.cloudevents.message import decode
from wherry.cloudevents.mode import Mode, mode_of
from wherry.cloudevents.structured import decode_structured, encode_structured

__all__ = [
    "CloudEvent",
    "HeaderEncoding",
    "InvalidEvent",
    "Limits",
    "Mode",
    "decode",
    "decode_batch",
    "decode_binary",
    "decode_structured",
    "encode_batch",
    "encode_binary",
    "encode_structured",
    "mode_of",
]
