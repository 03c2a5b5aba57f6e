"""The end of a platform, and edits of its functions, while it is called: nobody is failed."""

import pytest
from tests.local.platform.life import Callers, eventually, living

HANDLER = """\
def handle(request):
    return "{text}"
"""
MANY = pytest.param(10_000, marks=[pytest.mark.hardening, pytest.mark.timeout(600)])


@pytest.fixture
def project(tmp_path):
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "handler.py").write_text(HANDLER.format(text="first"))
    return tmp_path


def calling(life, count=8):
    callers = [Callers(life.gateway, "/function/hello") for _ in range(count)]
    for caller in callers:
        caller.start()
    return callers


def answered(callers):
    return sum(caller.answered for caller in callers)


def ended(callers):
    for caller in callers:
        caller.join(60)
        assert not caller.is_alive()
        assert caller.failed == []


@pytest.mark.parametrize("calls", [500, MANY])
def test_its_end(project, calls):
    with living(project, "--no-watch", "--no-logs") as life:
        callers = calling(life)
        eventually(lambda: answered(callers) >= calls, within_s=300)
        assert life.end() == 0
        ended(callers)


@pytest.mark.parametrize("calls", [1_000, MANY])
def test_edits(project, calls):
    with living(project, "--no-logs") as life:
        callers = calling(life, 4)
        handler = project / "hello" / "handler.py"
        for number in range(1, 5):
            handler.write_text(HANDLER.format(text=f"edit {number}"))
            eventually(
                lambda number=number: life.ask("GET", "/function/hello")[1] == b"edit %d" % number
            )
            eventually(lambda number=number: answered(callers) >= number * calls / 4, within_s=300)
        handler.write_text("def handle(:\n")
        eventually(lambda: life.admin("GET", "/system/overview")["functions"][0]["fault"])
        assert life.ask("GET", "/function/hello") == (200, b"edit 4")
        for caller in callers:
            caller.over.set()
        ended(callers)
        assert life.end() == 0
