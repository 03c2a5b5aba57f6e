"""Ports for functions side by side, and where each says that it is."""

import socket
from urllib.parse import urlsplit

import pytest

from wherry_local.errors import NoFreePort
from wherry_local.ports import base_url, listeners, listening


def close(sockets):
    for each in sockets:
        each.close()


def test_free_ports():
    made = listeners(3, host="127.0.0.1", port=0)
    ports = {each.getsockname()[1] for each in made}
    close(made)
    assert len(ports) == 3


def test_ports_in_use_are_left_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first = taken.getsockname()[1]
        if first > 65000:
            pytest.skip("the system gave one of the last ports")
        made = listeners(2, host="127.0.0.1", port=first)
        ports = [each.getsockname()[1] for each in made]
        close(made)
    assert first not in ports
    assert ports == sorted(ports)


def test_the_last_port_is_the_end():
    with pytest.raises(NoFreePort, match="not 3 free ports from 65535 to 65535"):
        listeners(3, host="127.0.0.1", port=65535)


def test_an_address_that_is_not_ours():
    with pytest.raises(NoFreePort, match="cannot listen") as caught:
        listeners(1, host="192.0.2.1", port=0)
    assert caught.value.exit_code == 3


def can_listen(host):
    try:
        listening(host, 0).close()
    except NoFreePort:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost"])
def test_the_address_that_is_said_is_the_one_where_it_answers(host):
    if ":" in host and not can_listen(host):
        pytest.skip("this machine has no IPv6")
    with listening(host, 0) as listener:
        where = urlsplit(base_url(listener))
        with socket.create_connection((where.hostname, where.port), timeout=10) as caller:
            listener.accept()[0].close()
            assert caller.getpeername()[1] == listener.getsockname()[1]
