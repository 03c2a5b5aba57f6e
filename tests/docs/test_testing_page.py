"""The tests that docs/testing.md shows are tests that pass."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAYS = """
from wherry import Context

def handle(request, context: Context):
    context.emit(type="com.acme.paid", data=request.get_json())
    return "", 202
"""
ECHOES = """
from wherry import CloudEvent

def handle(event: CloudEvent):
    return event
"""
# What stands beside each block: an example's folder, or a handler's source.
BESIDE = ("orders", "hello", "", PAYS, ECHOES)


def test_every_test_on_the_page_passes(tmp_path):
    page = (ROOT / "docs/testing.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for number, (block, beside) in enumerate(zip(blocks, BESIDE, strict=True)):
        folder = tmp_path / f"block{number}"
        folder.mkdir()
        (folder / f"test_block{number}.py").write_text(block)
        if (ROOT / "functions" / beside / "handler.py").is_file():
            shutil.copy(ROOT / "functions" / beside / "handler.py", folder)
        else:
            (folder / "handler.py").write_text(beside)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"^def test_", page, re.MULTILINE)) == 8
