"""`wherry doctor`, with a PATH of its own."""

import json

import pytest


@pytest.fixture(autouse=True)
def machine(here, tmp_path_factory, monkeypatch):
    """No commands, no credentials, a cache of its own."""
    monkeypatch.setenv("PATH", str(tmp_path_factory.mktemp("bin")))
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path_factory.mktemp("docker")))
    for name in ("WHERRY_CONTAINER_CLI", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    return here


def test_a_machine_without_any_tool_is_fine(wherry):
    done = wherry("doctor")
    assert done.code == 0, done.out
    assert done.out.startswith("Python\n  ok      python: ")
    assert "  absent  docker/podman/nerdctl: none on PATH" in done.out
    assert "hint: https://docs.openfaas.com/cli/install" in done.out
    assert done.out.endswith("nothing to be mended\n")
    assert "Network" not in done.out, "nothing is asked of a network"


def test_a_fault_is_counted_and_ends_with_1(wherry, machine):
    (machine / "functions/hello").mkdir(parents=True)
    (machine / "functions/hello/handler.py").write_text("def handle(request): ...\n")
    (machine / "wherry.yaml").write_text("version: 1\nnonsense: 1\n")
    done = wherry("doctor")
    assert done.code == 1
    assert "  fault   wherry.yaml: " in done.out
    assert "nonsense" in done.out
    assert done.out.endswith("1 to be mended\n")


def test_json_has_the_same(wherry, machine):
    done = wherry("doctor", "--json")
    told = json.loads(done.out)
    assert (done.code, told["ok"]) == (0, True)
    assert set(told["findings"][0]) == {"area", "name", "state", "said", "purpose", "hint"}
    (machine / "wherry.yaml").write_text("version: 7\n")
    done = wherry("doctor", "--json")
    assert (done.code, json.loads(done.out)["ok"]) == (1, False)
