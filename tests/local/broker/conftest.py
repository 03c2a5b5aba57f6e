import pytest
from tests.local.broker.served_events import served_events

QUICK = """
triggers:
  orders:
    function: hello
    filters:
    - exact: {type: com.acme.order.placed}
    delivery: {retry: 2, backoff: linear, delay: 1ms, dead_letter: {function: letters}}
  everything:
    function: other
    delivery: {retry: 0}
"""
SILENT = "triggers: {t: {function: hello, filters: [{exact: {type: none}}]}}"


@pytest.fixture
def served(tmp_path):
    """A broker with two triggers: `orders`, with dead letters, and `everything`."""
    with served_events(tmp_path, QUICK) as running:
        yield running


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A broker that delivers nothing, for tests that look at answers alone."""
    with served_events(tmp_path_factory.mktemp("quiet"), SILENT) as running:
        yield running
