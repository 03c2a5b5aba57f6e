import subprocess
import sys

import pytest

import wherry

HEAVY = (
    "flask",
    "werkzeug",
    "gunicorn",
    "click",
    "prometheus_client",
    "orjson",
    "asyncio",
    "urllib3",
)


def modules_after(code):
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", wherry.__all__)
def test_every_name_is_there(name):
    assert getattr(wherry, name) is not None
    assert name in dir(wherry)


@pytest.mark.parametrize("name", [name for name in wherry.__all__ if not name.startswith("__")])
def test_every_name_is_described(name):
    assert getattr(wherry, name).__doc__


def test_other_names_are_not():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        wherry.nothing  # noqa: B018


def test_import_wherry_loads_nothing_heavy():
    assert modules_after("import wherry").isdisjoint(HEAVY)


def test_an_event_handler_never_loads_flask(tmp_path):
    (tmp_path / "handler.py").write_text(
        "from wherry import cloud_event\n@cloud_event\ndef handle(event): return event\n"
    )
    loaded = modules_after(f"from wherry.loader import load; load({str(tmp_path)!r})")
    assert loaded.isdisjoint({"flask", "werkzeug", "gunicorn", "prometheus_client", "urllib3"})


def test_a_plain_handler_loads_neither_flask_nor_events(tmp_path):
    (tmp_path / "handler.py").write_text("def handle(body: bytes, context): return body\n")
    loaded = modules_after(f"from wherry.loader import load; load({str(tmp_path)!r})")
    assert loaded.isdisjoint({"flask", "werkzeug", "cloudevents", "pydantic", "msgspec"})
    assert loaded.isdisjoint({"orjson", "dataclasses", "inspect", "pathlib", "urllib"})
