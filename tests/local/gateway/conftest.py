import pytest
from tests.local.gateway.function_server import server
from tests.local.gateway.served_gateway import served_gateway


@pytest.fixture
def gateway(tmp_path):
    """The gateway of a project with the functions `hello` and `orders`."""
    with served_gateway(tmp_path) as served:
        yield served


@pytest.fixture
def function():
    """A server that stands for a function."""
    with server() as made:
        yield made


@pytest.fixture
def receiver():
    """A server that callbacks are sent to."""
    with server() as made:
        yield made
