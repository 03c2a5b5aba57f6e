"""One build of the distribution for all its tests."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Distribution(NamedTuple):
    """What the build made."""

    sdist: Path
    wheel: Path

    def sdist_files(self) -> set[str]:
        """Paths in the sdist, without its top folder."""
        with tarfile.open(self.sdist) as archive:
            names = [each.name for each in archive.getmembers() if not each.isdir()]
        return {name.partition("/")[2] for name in names}

    def wheel_files(self) -> set[str]:
        """Paths in the wheel."""
        with zipfile.ZipFile(self.wheel) as archive:
            return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="session")
def clone() -> Path:
    """The project's folder, where git knows what belongs to it."""
    if shutil.which("git") is None:
        pytest.skip("git not found: it says which files belong to the project")
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: nothing says which files belong to the project")
    return ROOT


@pytest.fixture(scope="session")
def distribution(tmp_path_factory) -> Distribution:
    """The sdist, and the wheel that is built from it."""
    out = tmp_path_factory.mktemp("dist")
    # From another folder: in the project's own, `build` is the folder of the builder.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(
        command, cwd=out, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    return Distribution(sdist, wheel)
