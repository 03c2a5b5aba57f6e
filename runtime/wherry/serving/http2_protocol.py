"""The state of one HTTP/2 connection: the `h2` library's, with our limits.

Sans I/O. What callers may do at once is here; what they may do for nothing is in
`wherry.serving.http2_guard`.
"""

from __future__ import annotations

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings

from wherry.serving.limits import Limits

STREAMS = 100
STREAM_WINDOW_BYTES = 256 * 1024
WINDOW_BYTES = 1024 * 1024


class _Protocol(H2Connection):
    """The library's connection, without a memory for streams that are long gone."""

    MAX_CLOSED_STREAMS = 1000  # at the library's 65536 a connection kept 8 MB for them


def protocol_for(limits: Limits) -> H2Connection:
    """A new connection on the server's side; what it says first waits to be sent."""
    # Answers are validated where they are made; to do it again here took a sixth of a call.
    configuration = H2Configuration(
        client_side=False,
        header_encoding=None,
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
    )
    protocol = _Protocol(configuration)
    protocol.local_settings = Settings(
        client=False,
        initial_values={
            SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS,
            SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES,
            SettingCodes.MAX_HEADER_LIST_SIZE: limits.head,
        },
    )
    protocol.decoder.max_header_list_size = limits.head
    protocol.initiate_connection()
    protocol.increment_flow_control_window(WINDOW_BYTES)
    return protocol
