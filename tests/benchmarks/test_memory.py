"""Memory is that of all processes of a server."""

import subprocess
import sys

import pytest
from benchmarks.serving import memory

MIB = 1024 * 1024
HOLDS = "held = b'x' * (40 << 20); print('ready', flush=True); input()"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {HOLDS!r}])
child.wait()
"""


@pytest.mark.skipif(not memory.is_available(), reason="the system tells no PSS")
@pytest.mark.parametrize(
    ("source", "least"), [(HOLDS, 40), (PARENT, 45), ("print('ready'); input()", 1)]
)
def test_the_memory_of_children_counts(source, least):
    with subprocess.Popen(
        [sys.executable, "-u", "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        found = memory.pss_bytes(process.pid)
        process.communicate(b"\n")
    assert least * MIB < found < (least + 40) * MIB
