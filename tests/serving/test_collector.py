"""The garbage collector is as usual again once a process serves."""

from __future__ import annotations

from pathlib import Path

from wherry.testing import running

from .conftest import Wire, get

HANDLER = """
import gc

AT_IMPORT = gc.get_threshold()[0]

def handle():
    return f"{gc.isenabled()} {gc.get_threshold()[0]} {AT_IMPORT} {gc.get_freeze_count() > 1000}"
"""


def test_it_looks_seldom_while_importing_and_as_usual_while_serving(tmp_path: Path):
    import gc

    (tmp_path / "handler.py").write_text(HANDLER)
    with running(tmp_path) as function:
        connection = Wire(function.port)
        body = connection.send(get()).answer()[2].decode()
        connection.close()
    enabled, serving, importing, frozen = body.split()
    assert (enabled, frozen) == ("True", "True")
    assert int(serving) == gc.get_threshold()[0]
    assert int(importing) > int(serving)
