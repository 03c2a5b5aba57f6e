"""The state of one HTTP/2 connection: the `h2` library's, with our limits.

Sans I/O. What callers may do at once is here; what they may do for nothing is in
`wherry.serving.http2_guard`.
"""

from __future__ import annotations

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.events import Event
from h2.settings import SettingCodes, Settings
from hyperframe.frame import Frame, GoAwayFrame

from wherry.serving.limits import Limits

STREAMS = 100
STREAM_WINDOW_BYTES = 256 * 1024
WINDOW_BYTES = 1024 * 1024


class _Protocol(H2Connection):
    """The library's connection, where it remembers too much and gives up too early."""

    MAX_CLOSED_STREAMS = 1000  # at the library's 65536 a connection kept 8 MB for them

    # The library takes any GOAWAY for the end of everything. One without an error says only that
    # the caller asks nothing more; it still waits for answers (RFC 9113 section 6.8).

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        frames, events = super()._receive_goaway_frame(frame)
        if not frame.error_code:
            self.state_machine.state = ConnectionState.SERVER_OPEN
        return frames, events

    def clear_outbound_data_buffer(self) -> None:
        """Nothing: what waits to be sent is waited for."""


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
