"""The collector is held off for a while, and is then as it was."""

import gc
from contextlib import suppress

import pytest

from wherry_build.collection import uncollected


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_collector_is_held_off_and_then_as_it_was(was_enabled):
    before = gc.isenabled()
    (gc.enable if was_enabled else gc.disable)()
    try:
        with suppress(ValueError), uncollected():
            held_off = not gc.isenabled()
            raise ValueError
        assert held_off
        assert gc.isenabled() == was_enabled
    finally:
        (gc.enable if before else gc.disable)()
