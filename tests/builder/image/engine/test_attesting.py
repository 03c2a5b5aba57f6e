"""What is told of the files in an image: of no file where it is, but of those that all may have."""

import pytest

from wherry_build.image.oci_engine.attesting import parts
from wherry_build.image.wheels.locked import LockedWheel

PUBLIC = "https://files.pythonhosted.org/packages/ab/cd"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"{PUBLIC}/a-1-py3-none-any.whl", f"{PUBLIC}/a-1-py3-none-any.whl"),
        (f"{PUBLIC}/a-1-py3-none-any.whl?sig=s3cret", f"{PUBLIC}/a-1-py3-none-any.whl"),
        # The wheel was made here, and has another hash than what is there.
        (f"{PUBLIC}/a-1.tar.gz", ""),
        ("https://dl.cloudsmith.test/s3cret/basic/a-1-py3-none-any.whl", ""),
        ("https://files.pythonhosted.org.evil.test/a-1-py3-none-any.whl", ""),
        ("https://store.test/a-1-py3-none-any.whl?sig=s3cret", ""),
        ("file:///home/me/a-1-py3-none-any.whl", ""),
    ],
)
def test_only_a_public_file_is_told_of(url, told, tmp_path, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path))
    wheel = LockedWheel(
        name="a", version="1", file_name="a-1-py3-none-any.whl", sha256="a" * 64, url=url
    )
    (_, part) = parts([wheel])
    assert (part.url, part.sha256) == (told, "a" * 64)
