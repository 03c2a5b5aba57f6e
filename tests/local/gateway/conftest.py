import pytest
from tests.local.gateway.served_gateway import served_gateway


@pytest.fixture
def gateway(tmp_path):
    """The gateway of a project with the functions `hello` and `orders`."""
    with served_gateway(tmp_path) as served:
        yield served
