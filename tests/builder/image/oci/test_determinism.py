"""One digest for one function: wherever it is, whoever builds it, and however."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "handler.py": "WORDS = {'a', 'b', 'c', 'd'}\ndef handle(request): return 'x' in {'x', 'y'}\n",
    "lib/__init__.py": "",
    "lib/deep/été.py": "x = 1\n",
    "data/words.txt": "one\ntwo\n",
    "run.sh": "#!/bin/sh\n",
    ".env": "PASSWORD=canary\n",
}
SCRIPT = """
import json, os, sys
umask, uid, folder, cache = sys.argv[1:]
os.umask(int(umask, 8))
from pathlib import Path
# Another user may not be able to read the standard library any more.
import subprocess
from concurrent.futures import ThreadPoolExecutor
import wherry_build.image.layers.compiling
import wherry_build.image.runtime_wheel
from tests.builder.image.oci.conftest import layer_content
from wherry_build.image.content import BytesContent
from wherry_build.image.layers.bytecode import find_compiler
from wherry_build.image.layers.cache import LayerCache
from wherry_build.image.layers.contents import LayerOptions, code_layer, runtime_layer
from wherry_build.image.layers.entry import Entry
from wherry_build.image.layers.wheels import WheelFiles, wheel_layers
from wherry_build.image.oci.base import base_image
from wherry_build.image.oci.document import image_index, platform_image
from wherry_build.image.oci.media_types import MediaTypes
from wherry_build.image.oci.settings import created_s, function_settings
from wherry_build.image.platform import Platform
from wherry_build.project import Function

if int(uid):
    os.setgid(int(uid))
    os.setuid(int(uid))
content, diff_id = layer_content({"usr/bin/python3": "python3.12"})
config = {"os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/usr/bin"]},
          "rootfs": {"type": "layers", "diff_ids": [diff_id]}}
base = base_image(
    "python:3.12-slim",
    Platform(architecture="amd64"),
    manifest=BytesContent.of(b"{}", MediaTypes.OCI.manifest),
    config=json.dumps(config).encode(),
    layers=[content],
)
options = LayerOptions(
    cache=LayerCache(Path(cache)), media=base.media, compiler=find_compiler(sys.version_info[:2])
)
wheels = [
    WheelFiles(
        name=name,
        key=name,
        size_bytes=size,
        entries=lambda name=name: [
            Entry(path=f"opt/wherry/{name}/{part}.py", content=f"x = {part!r}".encode())
            for part in {"a", "b", "c", "d"}
        ],
    )
    for name, size in {("six", 10), ("numpy", 1 << 22), ("click", 10)}
]
settings = function_settings(
    "hello", labels=dict({("a", "1"), ("b", "2")}), created_s=created_s(os.environ)
)
layers = [
    *wheel_layers(wheels, options),
    runtime_layer(options),
    code_layer(
        Function(name="hello", folder=Path(folder)), options, epoch_s=settings.created_s
    ),
]
image = platform_image(base, layers, settings)
assert b"canary" not in image.config.content
print(json.dumps([
    image_index([image]).descriptor.digest,
    image.manifest.descriptor.digest,
    {layer.purpose: [layer.diff_id, layer.content.descriptor.digest] for layer in layers},
]))
"""
ROOT = Path(__file__).parents[4]


def built(place, *, umask, seed, epoch="", uid=0, timezone="UTC", names=tuple(FILES)):
    folder = place / "function"
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(FILES[name])
        os.utime(file, (seed, seed * 1000))
    (folder / "run.sh").chmod(0o777 if seed % 2 else 0o700)
    (place / "cache").mkdir()
    if uid:
        for path in (place, *place.rglob("*")):
            os.chown(path, uid, uid)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": str(seed),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": timezone,
        "LC_ALL": "C" if seed % 2 else "C.UTF-8",
        "SOURCE_DATE_EPOCH": epoch,
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, umask, str(uid), folder, place / "cache"],
        env=environment,
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def here(tmp_path):
    """A place whose parents others may enter."""
    place = Path("/tmp") / f"wherry-{os.getpid()}-{random.randrange(1 << 32):x}"
    place.mkdir(mode=0o755)
    yield place
    shutil.rmtree(place)


def others():
    """Another user, where that may be had: root becomes nobody."""
    return 65534 if os.getuid() == 0 and ROOT.stat().st_mode & 0o005 == 0o005 else 0


def test_folder_umask_time_user_hash_seed_locale_and_order_do_not_show(here):
    one, two = here / "one", here / "an other/deeper"
    for place in (one, two):
        place.mkdir(parents=True)
    first = built(one, umask="0022", seed=1)
    second = built(
        two,
        umask="0077",
        seed=424242,
        uid=others(),
        timezone="Pacific/Auckland",
        names=tuple(FILES)[::-1],
    )
    assert first == second
    assert list(first[2]) == ["wheels: numpy", "wheels: click, six", "runtime", "code"]


def test_the_time_of_the_source_changes_what_says_a_time_and_no_library(here):
    one, two = here / "one", here / "two"
    for place in (one, two):
        place.mkdir()
    first = built(one, umask="0022", seed=1)
    second = built(two, umask="0022", seed=1, epoch="1700000000")
    assert first[0] != second[0]
    changed = {purpose for purpose in first[2] if first[2][purpose] != second[2][purpose]}
    assert changed == {"code"}
