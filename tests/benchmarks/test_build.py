"""The benchmark of builds: what it counts; that it runs is seen where its tools are."""

import shutil

import pytest
from benchmarks.build.__main__ import main
from benchmarks.build.contestants import Site
from benchmarks.build.measurement import Timings, measure


class Recorder:
    """A contestant that notes what it is asked."""

    def __init__(self, name):
        self.name = name
        self.asked = []

    def build(self):
        self.asked.append("build")

    def forget(self):
        self.asked.append("forget")

    def check(self):
        self.asked.append("check")


def test_each_workload_is_prepared_measured_and_checked(tmp_path):
    site = Site(folder=tmp_path, registry="127.0.0.1:1", base="base")
    ours, other = Recorder("wherry"), Recorder("other")
    timings = measure(
        site,
        [ours, other],
        ["edit", "nothing", "cold"],
        rounds=2,
        requirements="a==1\n",
        told=lambda _: None,
    )
    assert ours.asked == other.asked
    a_round = ["build", "check", "build", "check", "forget", "build", "check"]
    assert ours.asked[2:] == [*a_round[:4], *a_round[4:]] * 2
    assert {len(each) for by in timings.seconds.values() for each in by.values()} == {2}
    assert "number 2" in (site.function / "handler.py").read_text()


def test_a_ratio_is_taken_within_each_round():
    timings = Timings()
    for ours, theirs in ((1.0, 4.0), (2.0, 6.0), (1.0, 5.0)):
        timings.add("edit", "wherry", ours)
        timings.add("edit", "docker", theirs)
    assert timings.ratio("edit", "docker") == (4.0, 3.0, 5.0)


def test_without_its_tools_it_says_what_to_type(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert main([]) == 3
    assert "docker and docker-registry: not found; hint: make interop-tools" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize("arguments", [["--workloads", "none"], ["--peers", "none"]])
def test_what_there_is_not_is_refused(arguments):
    with pytest.raises(SystemExit):
        main(arguments)
