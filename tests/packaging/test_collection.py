"""Every file of tests is collected: a folder's name must not hide one without a word."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_file_of_tests_is_collected():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-m",
        "",
        "-p",
        "no:randomly",
    ]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    collected = {line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line}
    found = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("functions/*/test_*.py")]
    there = {
        path.relative_to(ROOT).as_posix() for path in found if "functions_data" not in str(path)
    }
    assert sorted(there - collected) == []
