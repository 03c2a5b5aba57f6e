"""`wherry run --image`, with a recorded docker in the engine's place."""

import json

import pytest
from tests.builder.image.docker.recorded_command import RecordedCommands, docker_answers

PROJECT = """\
version: 1
functions:
  hello:
    secrets: [api-key]
    environment: {GREETING: hi}
    resources: {limits: {memory: 96Mi}}
  other: {}
"""


@pytest.fixture
def docker(tmp_path_factory, monkeypatch):
    """A docker whose containers end by themselves with exit code 7."""
    commands = RecordedCommands(tmp_path_factory.mktemp("commands") / "bin")
    state = json.dumps({"ExitCode": 7, "OOMKilled": False})
    commands.add(
        "docker",
        docker_answers(
            run={"out": "abc123\n"},
            logs={"out": "it said this\n"},
            wait={"out": "7\n"},
            inspect={"out": state},
            stop={},
            rm={},
        ),
    )
    monkeypatch.setenv("PATH", str(commands.folder))
    for name in ("WHERRY_CONTAINER_CLI", "WHERRY_SECRETS_PATH", "DOCKER_BUILDKIT"):
        monkeypatch.delenv(name, raising=False)
    return commands


@pytest.fixture
def project(here):
    for name in ("hello", "other"):
        (here / "functions" / name).mkdir(parents=True)
        (here / "functions" / name / "handler.py").write_text("def handle(request): ...\n")
    (here / "wherry.yaml").write_text(PROJECT)
    (here / ".secrets").mkdir()
    (here / ".secrets/api-key").write_text("canary-77f")
    return here


def run_words(docker):
    (call,) = docker.asked("run")
    return call["words"]


def test_an_image_alone_needs_no_project(wherry, here, docker):
    done = wherry("run", "--image", "ghcr.io/acme/greeter:1.0", "--port", "0")
    assert done.code == 7
    assert "it said this" in done.err
    assert "greeter: ended with exit code 7" in done.err
    words = run_words(docker)
    assert words[-1] == "ghcr.io/acme/greeter:1.0"
    assert "--read-only" in words
    assert docker.asked("build") == []
    assert [call["words"][-1] for call in docker.asked("rm")] == ["abc123"]


def test_a_function_runs_with_what_its_project_says(wherry, project, docker):
    done = wherry("run", "functions/hello", "--image", "a/b:1", "--port", "0")
    assert done.code == 7
    words = " ".join(run_words(docker))
    assert f"--memory {96 << 20} " in words
    assert "--env GREETING=hi" in words
    assert "target=/var/openfaas/secrets,readonly" in words
    assert "canary" not in words + done.out + done.err
    (mount,) = [word for word in run_words(docker) if word.startswith("type=bind")]
    assert not (project / mount.partition("source=")[2].partition(",")[0]).exists(), "removed"


def test_a_secret_that_is_absent_is_told_before_anything_starts(wherry, project, docker):
    (project / ".secrets/api-key").unlink()
    done = wherry("run", "functions/hello", "--image", "a/b:1", "--port", "0")
    assert done.code == 2
    assert "secret 'api-key'" in done.err
    assert docker.asked("run") == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--image", "functions/hello"], "wherry run functions/hello --image"),
        (["--image", "a:1"], None),
        (["functions", "--image", "a:1"], "more than one function"),
        (["functions/hello", "--watch", "--image"], "--watch is for a process"),
        (["functions/hello", "--workers", "2", "--image"], "--workers is for a process"),
        (["functions/hello", "--explain-startup", "--image"], "--explain-startup is for"),
    ],
)
def test_what_does_not_fit_is_refused(wherry, project, docker, arguments, said):
    done = wherry("run", *arguments, "--port", "0")
    if said is None:  # two functions here, and the image is neither's: it runs alone
        assert done.code == 7
        return
    assert done.code == 2
    assert said in done.err + done.out
    assert docker.asked("run") == []


def test_a_port_that_is_none(wherry, project, docker, monkeypatch):
    monkeypatch.setenv("PORT", "http")
    done = wherry("run", "functions/hello", "--image", "a:1")
    assert done.code == 2
    assert "PORT: got 'http', expected a port" in done.err


def test_no_engine_is_told(wherry, here, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    done = wherry("run", "--image", "a:1")
    assert done.code == 3
    assert "neither docker, podman nor nerdctl" in done.err


def test_functions_are_built_by_the_engine_and_run_side_by_side(wherry, project, docker):
    (project / "wherry.yaml").write_text(
        PROJECT.replace("version: 1", "version: 1\nbuild: {engine: docker, base: 'base:1'}")
    )
    answers = dict(json.loads((docker.folder / "docker.answers").read_text()))
    docker.answer("docker", {"build": {"out": "Step 1\n"}} | answers)
    done = wherry("run", "--image", "--port", "0")
    assert done.code == 7
    assert {words["words"][-1] for words in docker.asked("run")} == {
        "dev.local/hello:latest",
        "dev.local/other:latest",
    }
    assert len(docker.asked("build")) == 2
    assert "| it said this" in done.err
