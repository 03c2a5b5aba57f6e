"""The stands of a queue."""

import pytest

from tests.local.queue.stands import SqliteStand


@pytest.fixture(params=["sqlite", pytest.param("jetstream", marks=pytest.mark.interop)])
def stand(request, tmp_path):
    """Each implementation, for the tests of what all have in common."""
    if request.param == "sqlite":
        return SqliteStand(tmp_path)
    return request.getfixturevalue("jetstream")
