"""Clients of HTTP/2 that others wrote: curl, nghttp and h2load."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from wherry.testing import running

pytestmark = pytest.mark.interop

FUNCTIONS = Path(__file__).resolve().parents[1] / "functions_data" / "serving"


@pytest.fixture(scope="module", params=["sync.py", "asynchronous.py"])
def function(request):
    with running(FUNCTIONS / request.param, WHERRY_H2C="on") as served:
        yield served


def run(program, *arguments):
    """What the program printed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} not found; tests/interop/tools.sh installs it")
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl(function):
    said = "%{http_version} %{http_code} %{size_download}"
    options = ["-sS", "--http2-prior-knowledge", "-o", "/dev/null", "-w", said]
    assert run("curl", *options, f"{function.url}/stream?n=100") == "2 200 102400"


def test_an_upgrade_is_answered_in_http_1_1(function):
    """`Upgrade: h2c` is obsolete (RFC 9113 section 3.1)."""
    said = "%{http_version} %{http_code}"
    options = ["-sS", "--http2", "-o", "/dev/null", "-w", said]
    assert run("curl", *options, f"{function.url}/") == "1.1 200"


def test_nghttp(function, tmp_path):
    (tmp_path / "body").write_bytes(b"x" * 300_000)
    frames = run("nghttp", "-nv", "-d", str(tmp_path / "body"), f"{function.url}/echo")
    assert ":status: 200" in frames
    assert "RST_STREAM" not in frames


def test_nghttp_asks_twice_on_one_connection(function):
    frames = run("nghttp", "-nv", f"{function.url}/a", f"{function.url}/b")
    assert frames.count(":status: 200") == 2
    assert frames.count("send SETTINGS frame <length=12") == 1


def test_h2load(function):
    """Many streams at once on few connections; every one is answered."""
    told = run("h2load", "-n", "3000", "-c", "4", "-m", "50", f"{function.url}/")
    assert "3000 succeeded, 0 failed, 0 errored, 0 timeout" in told
    assert re.search(r"status codes: 3000 2xx", told)
    told = run("h2load", "-n", "100", "-c", "2", "-m", "20", f"{function.url}/stream?n=50")
    assert "100 succeeded, 0 failed, 0 errored, 0 timeout" in told
    assert "Traceback" not in function.log
