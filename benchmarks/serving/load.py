"""Load by wrk, bounded in time, from a core of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving.servers import pinned
from benchmarks.serving.workloads import Workload

MISSING = """error: wrk not found, the load tool of this benchmark
  hint: apt-get install wrk (Debian, Ubuntu), brew install wrk (macOS)"""

# wrk's own report is for people; this prints one line of JSON after it.
_DONE = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\n{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "faults": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.timeout + e.status))
end
"""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one run of the load measured.

    Attributes:
        per_s: Requests answered in a second.
        p50_ms: Median latency.
        p99_ms: Latency that one in a hundred exceeds.
        faults: Answers that were not 2xx, and failures of the connection.
    """

    per_s: float
    p50_ms: float
    p99_ms: float
    faults: int


def is_available() -> bool:
    """Whether the load tool is there."""
    return shutil.which("wrk") is not None


def run(workload: Workload, port: int, *, seconds: int, core: int = 1) -> Figures:
    """Ask for `seconds` as fast as the server answers.

    Raises:
        subprocess.CalledProcessError: The load tool failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.lua"
        script.write_text(_script(workload))
        url = f"http://127.0.0.1:{port}{workload.target}"
        size = ["-t1", f"-c{workload.connections}", f"-d{seconds}s", "--timeout", "5s"]
        said = subprocess.run(
            [*pinned(core), "wrk", *size, "-s", str(script), url],
            check=True,
            capture_output=True,
            text=True,
            timeout=seconds + 60,
        ).stdout
    found = json.loads(said.strip().splitlines()[-1])
    return Figures(
        per_s=found["requests"] / (found["duration_us"] / 1e6),
        p50_ms=found["p50_us"] / 1e3,
        p99_ms=found["p99_us"] / 1e3,
        faults=found["faults"],
    )


def _script(workload: Workload) -> str:
    headers = "".join(
        f"wrk.headers[{_quoted(name)}] = {_quoted(value)}\n"
        for name, value in workload.headers.items()
    )
    body = f"wrk.body = {_quoted(workload.body.decode())}\n" if workload.body else ""
    return f"wrk.method = {_quoted(workload.method)}\n{headers}{body}{_DONE}"


def _quoted(text: str) -> str:
    """`text` as a Lua string: JSON's escapes of printable ASCII are Lua's."""
    return json.dumps(text)
