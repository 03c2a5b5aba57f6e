"""An HTTP/2 client on a raw socket: frames go out as the test says, and when it says."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.settings

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PROTOCOL_ERROR = 1
CANCEL = 8
CALM = 11  # ENHANCE_YOUR_CALM


@dataclass
class Answered:
    """What has come for one stream."""

    status: int = 0
    informational: list[int] = field(default_factory=list)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None

    @property
    def over(self) -> bool:
        return self.ended or self.reset is not None


class Patient(h2.connection.H2Connection):
    """The library takes GOAWAY for the end, and would refuse the answers that still come."""

    def _receive_goaway_frame(self, frame):
        told = super()._receive_goaway_frame(frame)
        self.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN
        return told

    def clear_outbound_data_buffer(self) -> None:
        pass


class Http2Wire:
    """One connection."""

    def __init__(self, port: int, *, window: int = 65_535, timeout_s: float = 10.0) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.timeout_s = timeout_s
        config = h2.config.H2Configuration(client_side=True, header_encoding=None)
        config.validate_outbound_headers = config.normalize_outbound_headers = False
        self.h2 = Patient(config)
        self.h2.local_settings = h2.settings.Settings(
            client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window}
        )
        self.h2.initiate_connection()
        self.streams: dict[int, Answered] = {}
        self.goaway: list[int] = []
        self.closed = False
        self.acknowledges = True
        self.flush()

    def flush(self) -> None:
        self.sock.sendall(self.h2.data_to_send())

    def ask(self, path: str = "/", *lines: tuple[str, str], method="GET", body=None, **pseudo):
        """Send a request; the number of its stream. `body` of None sends all there is."""
        head = {"method": method, "scheme": "http", "authority": "x", "path": path, **pseudo}
        fields = [(f":{k}".encode(), v.encode()) for k, v in head.items() if v is not None]
        fields += [(name.encode(), value.encode("latin-1")) for name, value in lines]
        number = self.h2.get_next_available_stream_id()
        self.streams[number] = Answered()
        self.h2.send_headers(number, fields, end_stream=body is None)
        self.flush()
        if body:
            self.give(number, body)
        return number

    def give(self, number: int, body: bytes, *, end: bool = True) -> None:
        """Send a body as the windows open."""
        view = memoryview(body)
        while view and not self.streams[number].over:
            room = min(
                self.h2.local_flow_control_window(number),
                self.h2.max_outbound_frame_size,
                len(view),
            )
            if room:
                self.h2.send_data(number, bytes(view[:room]))
                view = view[room:]
                self.flush()
            else:
                self.read_some()
        if end and not self.streams[number].over:
            self.h2.end_stream(number)
            self.flush()

    def read_some(self) -> bool:
        try:
            data = self.sock.recv(65_536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.closed = True
            return False
        for event in self.h2.receive_data(data):
            self._on(event)
        self.flush()
        return True

    def _on(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ConnectionTerminated):
            self.goaway.append(event.error_code)
            return
        answered = self.streams.get(getattr(event, "stream_id", None) or 0)
        if answered is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            pairs = list(event.headers)
            answered.headers = dict(pairs)
            answered.status = int(answered.headers[b":status"])
        elif isinstance(event, h2.events.InformationalResponseReceived):
            answered.informational.append(int(dict(event.headers)[b":status"]))
        elif isinstance(event, h2.events.DataReceived):
            answered.body += event.data
            if self.acknowledges:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            answered.ended = True
        elif isinstance(event, h2.events.StreamReset):
            answered.reset = event.error_code

    def until(self, condition, what: str = "") -> None:
        deadline = time.monotonic() + self.timeout_s
        while not condition():
            if self.closed or time.monotonic() > deadline:
                raise EOFError(f"closed={self.closed} before {what}; {self.streams!r:.300}")
            self.read_some()

    def answer(self, number: int) -> Answered:
        answered = self.streams[number]
        self.until(lambda: answered.over, f"the answer of stream {number}")
        return answered

    def answers(self, numbers: Iterable[int]) -> list[Answered]:
        return [self.answer(number) for number in numbers]

    def get(self, path: str = "/", *lines: tuple[str, str], **pseudo) -> Answered:
        return self.answer(self.ask(path, *lines, **pseudo))

    def rest(self) -> None:
        """Read until the server closes."""
        while not self.closed:
            self.read_some()

    def close(self) -> None:
        self.sock.close()
