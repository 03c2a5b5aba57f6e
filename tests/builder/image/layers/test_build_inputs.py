"""What a build reads and the code does not: by name, and whatever requirements.txt includes."""

import os

import pytest

from wherry_build.image.conventions import BUILD_INPUTS
from wherry_build.image.layers.build_inputs import build_inputs


def included(folder):
    return build_inputs(folder) - BUILD_INPUTS


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("-r base.txt", {"base.txt"}),
        ("-rbase.txt  # ours", {"base.txt"}),
        ("-r \\\n  base.txt", {"base.txt"}),
        ("--requirement=./conf/../base.txt", {"base.txt"}),
        ("-c 'conf/held.txt'", {"conf/held.txt"}),
        ("--constraint conf/held.txt\n-r base.txt", {"conf/held.txt", "base.txt"}),
        ("-r conf/all.txt", {"conf/all.txt", "conf/held.txt", "base.txt"}),
        ("-r link.txt", {"link.txt", "conf/held.txt"}),
        ("-r folder/held.txt", {"folder/held.txt", "conf/held.txt"}),
        ("-r requirements.txt", set()),
        ("-r absent.txt\n-r conf\n-r https://example.com/x.txt\n-r \0\n-r base.txt", {"base.txt"}),
        (f"-r {'x' * 5000}\n-r circle\n-r base.txt", {"base.txt"}),
        ("--index-url base.txt\n# -r base.txt\n./base.txt", set()),
        ("-r ../outside.txt", set()),
    ],
)
def test_what_requirements_include(write, tmp_path, line, found):
    write(
        {
            "f/requirements.txt": f"{line}\n",
            "f/base.txt": "\N{BYTE ORDER MARK}-r requirements.txt\n",
            "f/conf/held.txt": "flask<4\n",
            "f/conf/all.txt": "-c held.txt\n-r ../base.txt\n",
            "outside.txt": "-r f/base.txt\n",
        }
    )
    (tmp_path / "f/link.txt").symlink_to("conf/held.txt")
    (tmp_path / "f/circle").symlink_to("circle")
    (tmp_path / "f/folder").symlink_to("conf")
    assert included(tmp_path / "f") == found


def test_it_does_not_matter_whether_a_lock_counts_before_them(write):
    root = write({"requirements.txt": "-r base.txt", "base.txt": "", "pylock.toml": "-r x"})
    assert included(root) == {"base.txt"}


def test_what_a_link_of_such_a_name_leads_to(write, tmp_path):
    root = write({"conf/uv.toml": "", "conf/prod.txt": "-r base.txt", "conf/base.txt": ""})
    (tmp_path / "uv.toml").symlink_to("conf/uv.toml")
    (tmp_path / "requirements.txt").symlink_to("conf/prod.txt")
    assert included(root) == {"conf/uv.toml", "conf/prod.txt"}, "pip looks beside the link"


def test_nothing_but_regular_files_is_opened(write, tmp_path):
    root = write({"requirements.txt": "-r pipe\n-r /dev/zero\n"})
    os.mkfifo(tmp_path / "pipe")
    assert included(root) == set()
