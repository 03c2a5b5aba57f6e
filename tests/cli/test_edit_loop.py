"""What an edited line costs until it is published, in what can be counted: modules and requests."""

import json
import subprocess
import sys
from collections import Counter
from uuid import uuid4

import pytest

LOADED = """\
import json, sys
from wherry_cli.main import run
code = run(sys.argv[1:])
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""
NOT_NEEDED = {
    "asyncio", "concurrent.futures", "docker",
    "logging", "packaging", "requests", "ruamel", "subprocess", "tarfile", "tempfile",
    "urllib.request", "urllib3", "yaml", "zipfile",
}  # fmt: skip
if sys.version_info < (3, 11):
    NOT_NEEDED -= {"subprocess"}  # its `uuid` loads it
PARTS_NOT_NEEDED = (
    "wherry.serving",
    "wherry_build.image.docker",
    "wherry_build.image.wheels.download",
    "wherry_build.image.wheels.pip_resolver",
    "wherry_build.manifests",
    "wherry_build.project.specification",
    "wherry_local",
)


@pytest.fixture
def arguments(wherry, here, ground):
    """What publishes the function `hello`, which has been published once."""
    wherry("new", "hello")
    image = ground.reference(f"loop/{uuid4().hex}:1")  # a repository that has had nothing
    given = ["build", "functions/hello", "--image", image, "--push", "-q", *ground.arguments]
    assert wherry(*given).code == 0
    return given


@pytest.fixture
def edit(here):
    """Edit a line of it."""
    file = here / "functions/hello/handler.py"
    return lambda: file.write_text(f"def handle(request):\n    return '{uuid4().hex}'\n")


@pytest.mark.parametrize("is_edited", [True, False])
def test_nothing_is_loaded_that_an_edit_does_not_need(is_edited, arguments, edit):
    if is_edited:
        edit()
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "wherry_build.image.registry.publishing" in loaded
    assert not loaded & NOT_NEEDED
    assert not [name for name in loaded if name.startswith(PARTS_NOT_NEEDED)]


def asked(registry):
    """How often what was asked for, `PUT manifests` for one."""
    kinds = ("blobs/uploads", "blobs", "manifests", "referrers")
    return Counter(
        f"{each.method} {next(kind for kind in kinds if f'/{kind}/' in each.path)}"
        for each in registry.asked
    )


@pytest.mark.parametrize("has_referrers", [True, False])
def test_an_edit_asks_the_registry_for_no_more_than_it_must(
    has_referrers, wherry, arguments, edit, ground, monkeypatch
):
    monkeypatch.setattr(ground.registry, "has_referrers", has_referrers)
    edit()
    ground.registry.forget_requests()
    assert wherry(*arguments).code == 0
    # The code, the configuration, the list of parts and the provenance; and what names them.
    expected = {"POST blobs/uploads": 4, "PUT blobs/uploads": 4}
    if has_referrers:
        expected |= {"PUT manifests": 3}
    else:
        # and one list of what there is about the image
        expected |= {"PUT manifests": 4, "GET manifests": 1}
    assert asked(ground.registry) == expected


def test_what_has_not_changed_is_asked_for_once(wherry, arguments, ground):
    ground.registry.forget_requests()
    assert wherry(*arguments).code == 0
    assert asked(ground.registry) == {"HEAD manifests": 1}
