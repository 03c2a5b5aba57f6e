"""The forms that take minutes: more generated input, and the fuzzer for as long as CI bears it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from . import event_inputs, raw_requests

COUNT = 100_000
BOUND_S = 240.0
FUZZ_S = 40
HERE = Path(__file__).parent

pytestmark = [pytest.mark.hardening, pytest.mark.timeout(600)]


def test_many_raw_requests():
    report = raw_requests.run(2, COUNT, until=time.monotonic() + BOUND_S)
    print(f"{report.inputs} raw requests in {report.seconds:.0f} s; {report.warm}, {report.end}")
    assert report.inputs > COUNT // 10
    assert report.end.objects - report.warm.objects < 2_000
    assert report.end.resident_kib - report.warm.resident_kib < 8 * 1024


def test_many_event_inputs():
    report = event_inputs.run(2, COUNT, until=time.monotonic() + BOUND_S)
    print(f"{report.inputs} messages in {report.seconds:.0f} s")
    assert report.inputs > COUNT // 10


@pytest.mark.parametrize(("target", "seeds"), [("codec", "messages"), ("parser", "seeds")])
def test_coverage_guided(target: str, seeds: str, tmp_path: Path):
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed")
    found = tmp_path / "found"
    found.mkdir()
    command = [sys.executable, "-m", f"{HERE.name}.fuzz_codec", target]
    command += [f"-max_total_time={FUZZ_S}", "-max_len=2048", f"-artifact_prefix={tmp_path}/"]
    ended = subprocess.run(
        [*command, str(found), str(HERE / seeds)],
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        timeout=FUZZ_S * 5,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    runs = re.search(r"Done (\d+) runs in (\d+) second", ended.stderr)
    assert runs is not None
    assert int(runs[1]) > 1_000
    print(f"{target}: {runs[1]} runs in {runs[2]} s")
    assert list(found.iterdir()), "no input reached new code: nothing was instrumented"
