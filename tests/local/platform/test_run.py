"""Where a platform says that it is."""

import socket
from urllib.parse import urlsplit

import pytest

from wherry_local.platform import run
from wherry_local.ports import listening


def can_listen(host):
    try:
        listening(host, 0).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::", "localhost"])
def test_the_addresses_that_are_said_are_those_where_it_answers(host):
    if ":" in host and not can_listen(host):
        pytest.skip("this machine has no IPv6")
    with listening(host, 0) as gateway, listening(host, 0) as broker:
        said = run._addresses([gateway, broker])
        for sock, url in ((gateway, said.gateway), (broker, said.broker)):
            where = urlsplit(url)
            with socket.create_connection((where.hostname, where.port), timeout=10) as caller:
                sock.accept()[0].close()
                assert caller.getpeername()[1] == sock.getsockname()[1]
