"""The path that is counted answers rightly, and a regression is told from noise."""

import json
import os
import shutil
import subprocess
from dataclasses import replace

import pytest
from benchmarks.instructions import __main__ as command
from benchmarks.instructions import baseline, counting, path


def needs_valgrind(test):
    absent = pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not here")
    return pytest.mark.interop(absent(test))


def judged(before, now):
    return baseline.judge({"http": before}, {"http": now}, tolerance=0.03)[0]


def test_the_path_answers_every_workload_and_marks_its_borders(monkeypatch):
    marks = []
    monkeypatch.setattr(path, "mark", lambda: marks.append(1))
    path.run(3, 2)
    assert len(marks) == 2 * len(path.WORKLOADS)


@pytest.mark.parametrize("workload", path.WORKLOADS, ids=lambda each: each.name)
def test_a_request_is_answered_anew_each_time(workload):
    descriptor = os.open(os.devnull, os.O_WRONLY)
    try:
        answer_one = path.turn(workload, descriptor)
        first, second = answer_one(), answer_one()
    finally:
        os.close(descriptor)
    assert first.startswith(b"HTTP/1.1 200 ") and workload.expected in first
    assert first != second, "each call has an id of its own"


def test_a_wrong_answer_is_not_counted(monkeypatch):
    right = path.WORKLOADS[0]
    monkeypatch.setattr(path, "WORKLOADS", (replace(right, expected=b"hello you"),))
    with pytest.raises(path.WrongAnswer, match="hello wherry"):
        path.run(1, 1)


@pytest.mark.parametrize(
    ("before", "now", "is_regression"),
    [(1000, 1029, False), (1000, 1031, True), (1000, 500, False), (None, 1000, False)],
)
def test_a_regression_is_beyond_noise(before, now, is_regression):
    found = judged(before, now)
    assert found.is_regression is is_regression
    assert ("REGRESSION" in found.line) is is_regression


def test_figures_of_another_python_or_library_are_not_used(monkeypatch, tmp_path):
    monkeypatch.setattr(baseline, "FILE", tmp_path / "baseline.json")
    assert baseline.committed() == (None, f"the baseline has no figures for {baseline.key()}")
    baseline.renew({"http": 1000})
    assert baseline.committed() == ({"http": 1000}, "")
    found = json.loads(baseline.FILE.read_text())
    found[baseline.key()]["circumstances"]["orjson"] = "0.1"
    baseline.FILE.write_text(json.dumps(found))
    before, why_not = baseline.committed()
    assert before is None and "orjson 0.1" in why_not


def test_renewing_keeps_the_figures_of_others(monkeypatch, tmp_path):
    monkeypatch.setattr(baseline, "FILE", tmp_path / "baseline.json")
    baseline.FILE.write_text('{"cpython-3.99.0-sparc": {"instructions": {"http": 7}}}')
    baseline.renew({"http": 1000})
    assert json.loads(baseline.FILE.read_text())["cpython-3.99.0-sparc"] == {
        "instructions": {"http": 7}
    }


@pytest.mark.parametrize(("now", "code"), [(1000, 0), (1100, 1), (900, 0)])
def test_the_command_fails_on_a_regression_and_says_what_to_type(monkeypatch, capsys, now, code):
    monkeypatch.setattr("sys.argv", ["instructions"])
    monkeypatch.setattr(counting, "is_available", lambda: True)
    monkeypatch.setattr(counting, "count", lambda _: {"http": now})
    monkeypatch.setattr(baseline, "committed", lambda: ({"http": 1000}, ""))
    assert command.main() == code
    said = capsys.readouterr()
    assert ("--renew" in said.err) is bool(code)
    assert ("--renew" in said.out) is (now == 900)


needs_clone = pytest.mark.skipif(not (baseline.ROOT / ".git").exists(), reason="this is no clone")


@needs_clone
def test_another_python_is_compared_with_a_commit_that_runs(monkeypatch, capsys):
    trees = []

    def count(tree):
        if tree == baseline.ROOT:
            return {"http": 1000}
        trees.append(tree)
        assert (tree / "runtime/wherry").is_dir()
        if len(trees) == 1:
            raise counting.CountError("a commit in the middle of something")
        return {"http": 900}

    monkeypatch.setattr("sys.argv", ["instructions"])
    monkeypatch.setattr(counting, "is_available", lambda: True)
    monkeypatch.setattr(counting, "count", count)
    monkeypatch.setattr(baseline, "committed", lambda: (None, "no figures for it"))
    monkeypatch.setattr(baseline, "commits_before", lambda: ["HEAD", "HEAD"])
    assert command.main() == 1
    said = capsys.readouterr()
    assert "no figures for it" in said.err
    assert "in the middle of something" in said.err
    assert "900 before (+11.1%)" in said.out


def test_a_tree_is_compared_with_what_it_is_a_change_of(monkeypatch, tmp_path):
    def git(*words):
        name = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        command = ["git", "-C", str(tmp_path), *name, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    if not shutil.which("git"):
        pytest.skip("git is not here")
    monkeypatch.setattr(baseline, "ROOT", tmp_path)
    with pytest.raises(baseline.NoCommit, match="rev-list"):
        baseline.commits_before()
    git("init", "--quiet")
    (tmp_path / "runtime").mkdir()
    commits = []
    for number in range(3):
        (tmp_path / "runtime" / "code.py").write_text(f"{number}\n")
        git("add", ".")
        git("commit", "--quiet", "-m", "it changes")
        commits.insert(0, git("rev-parse", "HEAD"))
    assert baseline.commits_before(most=1) == commits[1:2]
    assert baseline.commits_before() == commits[1:]
    (tmp_path / "runtime" / "code.py").write_text("not committed\n")
    assert baseline.commits_before(most=1) == commits[:1]


def test_without_a_baseline_and_a_commit_the_command_fails(monkeypatch, capsys):
    def none():
        raise baseline.NoCommit("a shallow clone")

    monkeypatch.setattr("sys.argv", ["instructions"])
    monkeypatch.setattr(counting, "is_available", lambda: True)
    monkeypatch.setattr(baseline, "committed", lambda: (None, "no figures for it"))
    monkeypatch.setattr(baseline, "commits_before", none)
    assert command.main() == 1
    assert "a shallow clone" in capsys.readouterr().err


@needs_valgrind
def test_callgrind_counts_the_requests_and_nothing_else(monkeypatch, tmp_path):
    """A stand-in for the path, whose second workload does twice the work of its first."""
    package = tmp_path / "benchmarks" / "instructions"
    package.mkdir(parents=True)
    (package / "path.py").write_text(
        "import os, sys\n"
        "def work(times):\n"
        "    os.getloadavg()\n"
        "    for _ in range(times * int(sys.argv[2])):\n"
        "        'x'.upper()\n"
        "    os.getloadavg()\n"
        "work(100); work(200)\n"
    )
    monkeypatch.setattr(counting, "WORKLOADS", path.WORKLOADS[:2])
    first, second = counting.count(tmp_path).values()
    assert 1.95 < second / first < 2.05


@needs_valgrind
def test_a_path_that_fails_is_told(tmp_path):
    with pytest.raises(counting.CountError, match="failed"):
        counting.count(tmp_path)
