"""An authority of now, and orders to issue in the test's folder."""

import datetime as dt

import pytest

from wherry_build.certs import Order, identity, issue
from wherry_build.certs.authority import make_authority

NOW = dt.datetime.now(dt.timezone.utc).replace(microsecond=0)


@pytest.fixture
def now():
    return NOW


@pytest.fixture(scope="session")
def authority():
    return make_authority(now=NOW)


@pytest.fixture
def order(tmp_path):
    """What to issue in the test's folder: `order("hello", hosts=["10.0.0.1"], is_forced=True)`."""

    def order(*services, namespace="fns", hosts=(), **changes):
        made = tuple(identity(each, namespace=namespace, hosts=hosts) for each in services)
        folders = {"output": tmp_path / "certs", "authority": tmp_path / "certs/ca"}
        return Order(identities=made, **(folders | changes))

    return order


@pytest.fixture
def issued(order, now):
    """Issue at once: `issued("hello", after_days=61)`."""

    def issued(*services, after_days=0, **changes):
        return issue(order(*services, **changes), now=now + dt.timedelta(days=after_days))

    return issued
