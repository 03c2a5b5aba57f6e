"""What an import loads: start-up time is paid by every cold start."""

import subprocess
import sys

import pytest

from wherry.serving import warming

HEAVY = ("flask", "werkzeug", "gunicorn", "click", "prometheus_client", "docker", "yaml", "uvloop")


def loaded_by(statement):
    code = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    command = [sys.executable, "-c", code]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_importing_wherry_loads_nothing_heavy():
    assert loaded_by("import wherry").isdisjoint(HEAVY)


def test_an_event_function_needs_no_web_framework():
    assert loaded_by("from wherry import CloudEvent, Context, cloud_event").isdisjoint(HEAVY)


def test_a_start_does_not_wait_for_what_few_calls_need():
    loaded = loaded_by("import wherry.serving.server, wherry.serving.leader, wherry.serving.mounts")
    assert "wherry.serving.connection" in loaded
    assert loaded.isdisjoint({*HEAVY, *warming.MODULES, "asyncio", "decimal", "httptools", "queue"})
    assert loaded.isdisjoint({"dataclasses", "random", "uuid", "pathlib", "urllib.parse"})
    assert "wherry.metrics.shared" not in loaded


def test_an_event_functions_start_waits_for_neither_orjson_nor_inspect():
    loaded = loaded_by(
        "import wherry.serving.server, wherry.serving.leader, wherry.serving.mounts\n"
        "from wherry.cloudevents import CloudEvent, decode_binary\n"
        "import wherry.event_invocation"
    )
    assert "wherry.cloudevents.payload" in loaded
    assert loaded.isdisjoint({"orjson", "dataclasses", "inspect", "pathlib", "random"})


@pytest.mark.parametrize("name", ["http", "cloud_event", "Context", "CloudEvent", "Retry", "Drop"])
def test_the_public_names_are_there(name):
    import wherry

    assert name in wherry.__all__
    assert getattr(wherry, name) is not None
