"""Every server that is compared is pinned, has its functions, and starts or says why not."""

import subprocess
import sys

import pytest
from benchmarks.serving import cold_start, peers, workloads
from benchmarks.serving.origins import HERE, Absent, Installed, Pinned
from benchmarks.serving.peers import Command, Peer
from benchmarks.serving.servers import ServerError, prepared, running

ROOT = HERE.parents[1]


def checked(*names):
    command = [sys.executable, "-m", "benchmarks.serving", "--check", "--peers", *names]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )


def peer(*words, origin=None, **more):
    return Peer(
        name="it",
        about="",
        origin=origin or peers.PEERS[0].origin,
        commands={"greet": Command(words)},
        **more,
    )


def test_every_peer_has_its_requirements_pinned():
    files = {each.origin.requirements for each in peers.PEERS if isinstance(each.origin, Pinned)}
    assert files == {path.name for path in (HERE / "peers").iterdir()}
    for name in files:
        first, *lines = (HERE / "peers" / name).read_text().splitlines()
        assert " of: " in first
        assert all("==" in line for line in lines), name


def test_every_workload_is_answered_by_wherry_and_by_another():
    for workload in workloads.WORKLOADS:
        able = [each.name for each in peers.PEERS if workload.app in each.commands]
        assert peers.SUBJECT in able
        assert len(able) > 2, workload.name


def test_every_function_that_is_started_is_asked_for():
    asked = {each.app for each in workloads.WORKLOADS} | {"plain"}
    for each in peers.PEERS:
        assert set(each.commands) <= asked, each.name
        assert cold_start.apps_of(each) or "greet" not in each.commands


def test_wherry_runs_with_its_defaults():
    """Nothing is set but what cannot be a default on any machine."""
    for command in peers.PEERS[0].commands.values():
        assert set(command.environment) == {
            *("WHERRY_HANDLER", "WHERRY_WORKERS", "PORT", "WHERRY_METRICS_PORT")
        }
    with prepared(peers.PEERS[0], "greet") as launch:
        assert launch.environment["WHERRY_WORKERS"] == "1"
        assert launch.environment["WHERRY_METRICS_PORT"] not in {"off", str(launch.port)}


def test_a_template_is_filled_in():
    nginx = next(each for each in peers.PEERS if each.name == "nginx")
    with prepared(peer("x", files=nginx.files), "greet") as launch:
        assert launch.words[0].endswith("/x")
    text = (HERE / "limits" / "nginx.conf").read_text().format(port=7, folder="/f")
    assert "listen 127.0.0.1:7;" in text
    assert text.count("{") == text.count("}")


def test_a_server_that_fails_to_start_is_told_with_its_last_words():
    it = peer("python", "-c", "import sys; sys.exit('no such luck')")
    with pytest.raises(ServerError, match="no such luck"), running(it, "greet"):
        pass


def test_a_program_that_is_absent_is_told_with_a_hint():
    it = peer("no-such-program", origin=Installed("no-such-program", "the-package"))
    with pytest.raises(Absent, match="apt-get install the-package"), running(it, "greet"):
        pass


def test_wherry_answers_every_workload_rightly():
    """The benchmark's own check, on the real server."""
    done = checked(peers.SUBJECT)
    assert (done.returncode, done.stdout) == (0, "every answer is right\n"), done.stderr


@pytest.mark.interop
@pytest.mark.parametrize("name", ["go", "nginx"])
def test_a_limit_answers_every_workload_rightly(name):
    try:
        next(each for each in peers.PEERS if each.name == name).origin.folder()
    except Absent as why:
        pytest.skip(str(why))
    done = checked(name)
    assert (done.returncode, done.stdout) == (0, "every answer is right\n"), done.stderr
