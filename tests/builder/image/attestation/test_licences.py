"""What a wheel's metadata says of its licence."""

import zipfile

import pytest

from wherry_build.image.attestation.licences import licence, licence_in
from wherry_build.image.wheels.cache import WheelCache
from wherry_build.image.wheels.locked import LockedWheel

MIT = "Classifier: License :: OSI Approved :: MIT License"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("License-Expression: Apache-2.0 OR MIT\nLicense: x", "Apache-2.0 OR MIT"),
        ("license-expression: MPL-2.0 AND (Apache-2.0 OR MIT)\n" + MIT, "MIT"),
        ("License: BSD-3-Clause", "BSD-3-Clause"),
        ("License: BSD", ""),
        ("License: Copyright someone\n        and more\n", ""),
        (MIT, "MIT"),
        (f"{MIT}\nClassifier: License :: OSI Approved :: Apache Software License", ""),
        ("Classifier: License :: OSI Approved :: BSD License", ""),
        ("Name: x\n\nLicense: MIT", ""),
        (f"License-Expression: {'A' * 300}", ""),
        ('License-Expression: MIT"; drop', ""),
        ("", ""),
    ],
)
def test_what_is_said(metadata, expected):
    assert licence_in(metadata) == expected


def test_it_is_known_once_it_was_read(tmp_path, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "cache"))
    wheel = LockedWheel(
        name="a", version="1", file_name="a-1-py3-none-any.whl", sha256="a" * 64, url="https://x/a"
    )
    wheels = WheelCache(tmp_path / "wheels")
    assert licence(wheel, wheels) == ""  # it is not here to be asked
    file = wheels.place(wheel)
    file.parent.mkdir(parents=True)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a-1.dist-info/METADATA", "License-Expression: MIT\n")
        archive.writestr("a-1.dist-info/licenses/METADATA", "License-Expression: ISC\n")
    assert licence(wheel, wheels) == "MIT"
    file.unlink()
    assert licence(wheel, wheels) == "MIT"


def test_what_is_no_wheel_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("WHERRY_CACHE", str(tmp_path / "cache"))
    wheel = LockedWheel(
        name="a", version="1", file_name="a-1-py3-none-any.whl", sha256="b" * 64, url="https://x/a"
    )
    wheels = WheelCache(tmp_path / "wheels")
    file = wheels.place(wheel)
    file.parent.mkdir(parents=True)
    file.write_bytes(b"no zip")
    assert licence(wheel, wheels) == ""
