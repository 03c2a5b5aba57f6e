"""What a replica is given, and whether a fork will do for it."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wherry.config import Config, detect_platform
from wherry.context import Platform
from wherry_local.deployment import Deployment, FunctionKey
from wherry_local.fleet.environment import environment_of
from wherry_local.fleet.program import program_of

HELLO = Deployment(
    key=FunctionKey("hello"), handler="/p/hello", timeout_s=2.5, environment={"COLOUR": "blue"}
)


def environment(deployment=HELLO, **inherited):
    return environment_of(deployment, inherited=inherited, secrets=Path("/p/.wherry/mounts/hello"))


def test_the_deployment_has_its_way_and_the_shell_is_handed_on():
    made = environment(HOME="/home/me", COLOUR="red")
    assert (made["COLOUR"], made["HOME"]) == ("blue", "/home/me")
    assert made["WHERRY_HANDLER"] == "/p/hello"
    assert made["WHERRY_TIMEOUT"] == "2.5s"


@pytest.mark.parametrize(
    "name",
    ["PORT", "K_SERVICE", "OPENFAAS_NAME", "KUBERNETES_SERVICE_HOST", "WHERRY_NAME", "PYTHONPATH",
     "max_inflight", "WHERRY_LISTEN_FD", "VIRTUAL_ENV"],
)  # fmt: skip
def test_what_the_shell_has_set_for_others_is_not(name):
    assert name not in environment(**{name: "1"})


def test_the_runtime_reads_it_as_a_local_function_without_a_metrics_port(monkeypatch):
    for name in list(os.environ):
        monkeypatch.delenv(name)
    made = environment(K_SERVICE="x", KUBERNETES_SERVICE_HOST="x", WHERRY_WORKERS="4")
    config = Config.from_environment(made)
    assert detect_platform(made) is Platform.LOCAL
    assert (config.metrics_port, config.workers, config.supervise) == (None, 1, False)
    assert (config.log_format, config.function, config.timeout_s) == ("json", "hello", 2.5)
    assert config.lame_duck_s == 0.0


@pytest.mark.parametrize(
    "name", ["WHERRY_WORKERS", "WHERRY_SUPERVISE", "WHERRY_LOG_FORMAT", "WHERRY_HANDLER"]
)
def test_a_deployment_cannot_change_what_the_platform_relies_on(name):
    deployment = replace(HELLO, environment={name: "other"})
    assert environment(deployment)[name] != "other"


class TestProgram:
    def test_a_fork_will_do_for_most(self, tmp_path):
        made = environment(LANG="C.UTF-8", PATH="/bin")
        assert program_of(tmp_path, made, {"LANG": "C.UTF-8"}) == ()
        assert program_of(None, made, {"LANG": "C.UTF-8"}) == ()

    @pytest.mark.parametrize("name", ["PYTHONHASHSEED", "LD_PRELOAD", "LC_ALL", "PYTHONMALLOC"])
    def test_what_an_interpreter_reads_at_its_start_needs_a_fresh_one(self, tmp_path, name):
        made = environment(replace(HELLO, environment={name: "1", "PYTHONPATH": "lib"}))
        assert program_of(tmp_path, made, {}) == (sys.executable, "-m", "wherry")
        root, given = made["PYTHONPATH"].split(os.pathsep)
        assert (Path(root) / "wherry" / "__main__.py").is_file()
        assert given == "lib"

    def test_an_environment_of_its_own_has_its_own_interpreter(self, tmp_path):
        python = tmp_path / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.touch()
        assert program_of(tmp_path, environment(), {}) == (str(python), "-m", "wherry")
