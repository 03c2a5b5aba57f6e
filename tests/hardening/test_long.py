"""The forms that take minutes: more generated input, and a fuzzer that repeats its steps.

What is tried depends on the seed and the count alone, never on how fast the machine is: a fault
found here is found again.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from . import event_inputs, raw_requests

COUNT = 100_000
FUZZ_RUNS = {"codec": 400_000, "parser": 40_000}
FUZZ_BOUND_S = 240
HERE = Path(__file__).parent

pytestmark = [pytest.mark.hardening, pytest.mark.timeout(600)]


def test_many_raw_requests():
    report = raw_requests.run(2, COUNT)
    print(f"{report.inputs} raw requests in {report.seconds:.0f} s; {report.warm}, {report.end}")
    assert report.inputs == COUNT
    assert report.end.objects - report.warm.objects < 2_000
    assert report.end.resident_kib - report.warm.resident_kib < 8 * 1024


def test_many_event_inputs():
    report = event_inputs.run(2, COUNT)
    print(f"{report.inputs} messages in {report.seconds:.0f} s")
    assert report.inputs == COUNT


@pytest.mark.parametrize(("target", "seeds"), [("codec", "messages"), ("parser", "seeds")])
def test_coverage_guided(target: str, seeds: str, tmp_path: Path):
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed")
    found = tmp_path / "found"
    found.mkdir()
    command = [sys.executable, "-m", f"{HERE.name}.fuzz_codec", target]
    command += [f"-runs={FUZZ_RUNS[target]}", "-seed=1", "-max_len=2048"]
    command += [f"-artifact_prefix={tmp_path}/"]
    ended = subprocess.run(
        [*command, str(found), str(HERE / seeds)],
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        timeout=FUZZ_BOUND_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    runs = re.search(r"Done (\d+) runs in (\d+) second", ended.stderr)
    assert runs is not None
    assert int(runs[1]) > 1_000
    print(f"{target}: {runs[1]} runs in {runs[2]} s")
    assert list(found.iterdir()), "no input reached new code: nothing was instrumented"
