"""The names that other frameworks' functions import."""

import importlib
import subprocess
import sys

import pytest

from wherry.adapters import finder, install
from wherry.loader import load
from wherry.testing import invoke


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("cloudevents.http.event", "cloudevents.v1.http.event"),
        ("cloudevents.http.conversion", "cloudevents.v1.http.conversion"),
        ("cloudevents.conversion", "cloudevents.v1.conversion"),
        ("cloudevents.exceptions", "cloudevents.v1.exceptions"),
        ("cloudevents.abstract.event", "cloudevents.v1.abstract.event"),
        ("cloudevents.kafka.conversion", "cloudevents.v1.kafka.conversion"),
        ("cloudevents.sdk.event.v1", "cloudevents.v1.sdk.event.v1"),
        ("cloudevents.sdk.converters.binary", "cloudevents.v1.sdk.converters.binary"),
    ],
)
def test_a_module_of_version_1_is_the_one_of_version_2(name, place):
    install()
    assert importlib.import_module(name) is importlib.import_module(place)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("cloudevents.http", ["CloudEvent", "from_http", "from_json", "to_binary"]),
        ("cloudevents.abstract", ["CloudEvent", "AnyCloudEvent"]),
        ("cloudevents.kafka", ["KafkaMessage", "to_binary", "from_structured"]),
        ("cloudevents.pydantic", ["CloudEvent", "from_http"]),
        ("cloudevents.sdk.event", []),
    ],
)
def test_a_package_of_version_1_has_the_same_classes(name, names):
    install()
    there = importlib.import_module(name.replace("cloudevents.", "cloudevents.v1."))
    here = importlib.import_module(name)
    assert here.__name__ == name
    for each in names:
        assert getattr(here, each) is getattr(there, each)


def test_the_modules_in_their_own_place_are_not_changed():
    install()
    import cloudevents.http.event
    import cloudevents.v1.http.event

    assert cloudevents.v1.http.event.__spec__.name == "cloudevents.v1.http.event"
    assert cloudevents.v1.http.__path__


@pytest.mark.parametrize(
    "name",
    [
        "cloudevents.http.nothing",
        "cloudevents.nothing",
        "functions_framework.nothing",
        "functions_framework.aio.nothing",
        "google.cloud.nothing",
        "google.cloud.functions.nothing",
        "google.nothing",
    ],
)
def test_what_is_not_provided_is_missing_by_its_own_name(name):
    install()
    with pytest.raises(ModuleNotFoundError) as raised:
        importlib.import_module(name)
    assert raised.value.name == name


def test_an_installed_package_wins(tmp_path, monkeypatch):
    (tmp_path / "functions_framework.py").write_text("installed = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    install()
    assert importlib.import_module("functions_framework").installed is True


def test_packages_of_an_installed_namespace_stay_there(tmp_path, monkeypatch):
    (tmp_path / "google" / "cloud" / "storage").mkdir(parents=True)
    (tmp_path / "google" / "cloud" / "storage" / "__init__.py").write_text("here = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    install()
    assert importlib.import_module("google.cloud.functions.context").Context
    assert importlib.import_module("google.cloud.storage").here is True


def test_installed_twice_is_once():
    install()
    install()
    assert sys.meta_path.count(finder.Finder) == 1
    finder.remove()
    assert finder.Finder not in sys.meta_path


def _told(code):
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_importing_us_installs_nothing():
    code = "import sys, wherry, wherry.testing; print(*map(str, sys.meta_path))"
    assert not any("wherry" in each for each in _told(code))


def test_a_module_of_ours_loads_no_adapter(written):
    file = written("def handle(request):\n    return 'ours'\n", "handler.py")
    code = f"""
import sys
from wherry.loader import load
load({str(file)!r})
print(*[name for name in sys.modules if name.startswith("wherry.adapters.")])
"""
    light = {"wherry.adapters.adapter", "wherry.adapters.finder", "wherry.adapters.registry"}
    assert set(_told(code)) == light


def test_an_import_during_a_call_is_found(written):
    file = written(
        """
        def handle(request):
            from cloudevents.http import CloudEvent
            return CloudEvent.__module__
        """,
        "handler.py",
    )
    assert invoke(load(file)).text == "cloudevents.v1.http.event"
