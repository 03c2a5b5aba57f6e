"""Where the time of a start went: the arithmetic, and what a real start says."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import wherry
from wherry import startup


def explained(tmp_path: Path, flag: str) -> str:
    """What a start with the flag prints, up to its end by SIGTERM."""
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.2)\n")
    (tmp_path / "handler.py").write_text(
        "import slow_to_import\ndef start():\n    import time; time.sleep(0.1)\n"
        "def handle(): return 'ok'\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "wherry", flag],
        env={
            "PYTHONPATH": str(Path(wherry.__file__).parent.parent),
            "WHERRY_HANDLER": str(tmp_path),
            "WHERRY_FUNCTION": "hello",
            "PORT": "0",
            "WHERRY_METRICS_PORT": "0",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines: list[str] = []
    until = time.monotonic() + 30
    while time.monotonic() < until and not any(is_last(line, flag) for line in lines):
        lines.append(process.stderr.readline())
    process.terminate()
    lines.append(process.stderr.read())
    process.stderr.close()
    assert process.wait(30) == 0
    return "".join(lines)


def is_last(line: str, flag: str) -> bool:
    return '"startup_ms"' in line if flag.endswith("json") else "imports by package" in line


def test_a_start_explains_itself_as_json(tmp_path: Path):
    text = explained(tmp_path, "--explain-startup=json")
    found = json.loads(next(line for line in text.splitlines() if '"startup_ms"' in line))
    phases = found["phases_ms"]
    assert list(phases) == ["interpreter", "settings", "server", "function", "start hook", "serve"]
    assert found["function"] == "hello"
    assert sum(phases.values()) == pytest.approx(found["startup_ms"], abs=1)
    assert phases["function"] >= 200
    assert phases["start hook"] >= 100
    assert found["modules_ms"]["slow_to_import"] >= 200


def test_a_start_explains_itself_as_a_table(tmp_path: Path):
    text = explained(tmp_path, "--explain-startup")
    assert "start-up of hello: " in text
    assert "slow_to_import" in text


def test_a_module_is_charged_for_its_own_time_only(tmp_path: Path, monkeypatch):
    (tmp_path / "outer_of_two.py").write_text(
        "import time\nimport inner_of_two\ntime.sleep(0.01)\n"
    )
    (tmp_path / "inner_of_two.py").write_text("import time\ntime.sleep(0.1)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    times = startup.ImportTimes()
    times.begin()
    try:
        import outer_of_two  # noqa: F401
    finally:
        times.end()
    assert times.ms["inner_of_two"] >= 100
    assert 10 <= times.ms["outer_of_two"] < 100
