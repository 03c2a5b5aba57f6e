"""A start is timed from the program's first instruction to its first right answer."""

import sys
import time

import pytest
from benchmarks.serving import cold_start
from benchmarks.serving.servers import Launch, ServerError, free_ports
from benchmarks.serving.workloads import WORKLOADS

HTTP = WORKLOADS[0]
SERVER = """
import socket, sys, time
time.sleep({slow_s})
server = socket.create_server(("127.0.0.1", {port}))
for answer in {answers!r}:
    connection, _ = server.accept()
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 " + answer + b"\\r\\n\\r\\n")
    connection.close()
time.sleep(60)
"""


def launch(slow_s, *answers):
    port = free_ports(1)[0]
    source = SERVER.format(slow_s=slow_s, port=port, answers=answers)
    return Launch(words=(sys.executable, "-c", source), environment={}, port=port)


def test_waiting_for_the_port_and_for_the_first_right_answer_counts():
    seconds = cold_start.first_answer(launch(0.3, b"503 Not Yet", b"200 OK"), HTTP)
    assert 0.3 < seconds < 10


def test_a_program_that_ends_is_not_waited_for():
    ended = Launch(words=(sys.executable, "-c", ""), environment={}, port=free_ports(1)[0])
    began = time.monotonic()
    with pytest.raises(ServerError, match="no answer"):
        cold_start.first_answer(ended, HTTP)
    assert time.monotonic() - began < 10
