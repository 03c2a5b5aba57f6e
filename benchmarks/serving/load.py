"""Load by wrk, bounded in time, from a core of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks.serving.figures import Figures
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


def is_available() -> bool:
    """Whether the load tool is there."""
    return shutil.which("wrk") is not None


def run(
    workload: Workload, port: int, *, seconds: int, core: int = 1, pause_ms: int = 0
) -> Figures:
    """Ask for `seconds` as fast as the server answers, or with a pause before each request.

    Raises:
        subprocess.CalledProcessError: The load tool failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        script, body = Path(folder) / "load.lua", Path(folder) / "body"
        body.write_bytes(workload.body)
        script.write_text(_script(workload, body, pause_ms))
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
        per_s=round(found["requests"] / (found["duration_us"] / 1e6), 1),
        p50_ms=found["p50_us"] / 1e3,
        p99_ms=found["p99_us"] / 1e3,
        faults=found["faults"],
    )


def _script(workload: Workload, body: Path, pause_ms: int) -> str:
    headers = "".join(
        f"wrk.headers[{_quoted(name)}] = {_quoted(value)}\n"
        for name, value in workload.headers.items()
    )
    read = f"wrk.body = io.open({_quoted(str(body))}, 'rb'):read('*a')\n" if workload.body else ""
    pause = f"function delay() return {pause_ms} end\n" if pause_ms else ""
    return f"wrk.method = {_quoted(workload.method)}\n{headers}{read}{pause}{_DONE}"


def _quoted(text: str) -> str:
    """`text` as a Lua string: JSON's escapes of printable ASCII are Lua's."""
    return json.dumps(text)
