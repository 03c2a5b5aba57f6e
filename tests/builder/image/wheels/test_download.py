"""Locked files come by hash, once, with the credentials of their origin and no others."""

import hashlib
import os
import threading
from pathlib import Path

import pytest
from tests.builder.image.wheels.package_index import package_index
from tests.builder.image.wheels.wheel_making import locked, put, wheel, wheel_name

from wherry_build.errors import IndexUnavailable, WheelRefused
from wherry_build.image.engine import WheelSources
from wherry_build.image.wheels import download
from wherry_build.image.wheels.index_settings import read_index_settings

SECRET = "s3cret-Zq"


def fetch(locked, cache, progress, sources=None):
    """The files of `locked`, by what the environment says."""
    settings = read_index_settings(sources or WheelSources())
    return download.fetch(locked, cache, progress, settings=settings)


@pytest.fixture
def served(index):
    """A wheel in the index: `served("a")` is what a lock says of it."""

    def served(name="hello", **said):
        content = wheel(name)
        url = index.put(wheel_name(name), content)
        return locked(content, name=name, url=url, **said)

    return served


def test_a_wheel_comes_once_and_is_kept_by_its_hash(served, index, cache, progress):
    wheels = [served(name) for name in ("a", "b", "c")]
    files = fetch(wheels, cache, progress)
    assert [file.parent.name for file in files] == [item.sha256 for item in wheels]
    assert [file.read_bytes() for file in files] == [wheel(name) for name in ("a", "b", "c")]
    assert sorted(index.downloads()) == [wheel_name(name) for name in ("a", "b", "c")]
    asked = len(index.asked)
    assert fetch(wheels, cache, progress) == files
    assert len(index.asked) == asked


def test_progress_is_told_with_sizes(served, cache, progress):
    item = served(size=len(wheel()))
    fetch([item], cache, progress)
    assert progress.steps == ["downloading 1 wheels, 0.0 MB"]
    assert progress.moves[-1] == (item.file_name, item.size_bytes, item.size_bytes)


def test_other_bytes_than_locked_are_refused_and_not_kept(served, index, cache, progress):
    item = served()
    index.files[item.file_name] = b"another wheel"
    with pytest.raises(WheelRefused, match=r"hello-1\.0.*expected " + item.sha256):
        fetch([item], cache, progress)
    assert cache.found(item) is None
    assert [file.name for file in cache.place(item).parent.iterdir()] == [".lock"]


def test_more_bytes_than_locked_are_not_taken(served, index, cache, progress):
    item = served(size=10)
    with pytest.raises(WheelRefused, match="expected 10"):
        fetch([item], cache, progress)


def test_a_file_of_another_length_in_the_cache_is_had_anew(served, cache, progress):
    item = served(size=len(wheel()))
    fetch([item], cache, progress)
    cache.place(item).write_bytes(b"half")
    (file,) = fetch([item], cache, progress)
    assert file.read_bytes() == wheel()


def test_what_breaks_off_or_is_busy_is_tried_again(served, index, cache, progress):
    index.cut = 1
    index.refusals = [503]
    (file,) = fetch([served()], cache, progress)
    assert file.read_bytes() == wheel()
    assert len(index.downloads()) == 3


def test_what_always_breaks_off_is_told(served, index, cache, progress):
    index.cut = 99
    with pytest.raises(IndexUnavailable, match="broke off"):
        fetch([served()], cache, progress)


def test_what_is_gone_is_told(served, index, cache, progress):
    item = served()
    index.files.clear()
    with pytest.raises(IndexUnavailable, match="answers 404"):
        fetch([item], cache, progress)


def test_nobody_there_is_told_by_origin(cache, progress, environment):
    with package_index() as gone:
        url = f"{gone.origin}/files/{wheel_name()}"
    environment.setattr("wherry_build.image.wheels.connection._RETRIES", 0)
    with pytest.raises(IndexUnavailable, match=gone.origin):
        fetch([locked(wheel(), url=url)], cache, progress)


def test_the_password_of_the_index_opens_its_files(served, index, cache, progress, environment):
    index.user = ("me", SECRET)
    environment.setenv("PIP_INDEX_URL", index.url_of("me", SECRET))
    assert fetch([served()], cache, progress)


def test_the_password_of_a_requirements_file_opens_too(served, index, cache, progress, environment):
    index.user = ("me", SECRET)
    environment.setenv("TOKEN", SECRET)
    option = "--extra-index-url " + index.url_of("me", "${TOKEN}")
    settings = read_index_settings(WheelSources(), [option])
    assert download.fetch([served()], cache, progress, settings=settings)


def test_netrc_opens_too(served, index, cache, progress, tmp_path):
    index.user = ("me", SECRET)
    netrc = tmp_path / "home/.netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    netrc.chmod(0o600)
    assert fetch([served()], cache, progress)


def test_a_wrong_password_is_told_without_it(served, index, cache, progress, environment):
    index.user = ("me", "another")
    environment.setenv("PIP_INDEX_URL", index.url_of("me", SECRET))
    with pytest.raises(IndexUnavailable, match="answers 401") as caught:
        fetch([served()], cache, progress)
    assert SECRET not in f"{caught.value!r} {caught.value.hint} {progress.steps}"
    assert "netrc" in caught.value.hint


def test_credentials_do_not_go_to_another_origin(served, index, cache, progress, environment):
    environment.setenv("PIP_INDEX_URL", f"http://me:{SECRET}@index.test/simple")
    fetch([served()], cache, progress)
    assert not [headers for _, headers in index.asked if "Authorization" in headers]


def test_a_proxy_is_asked_where_one_is_set(cache, progress, environment):
    with package_index() as proxy:
        proxy.put(wheel_name(), wheel())
        environment.setenv("http_proxy", proxy.origin)
        item = locked(wheel(), url=f"http://files.test/files/{wheel_name()}")
        assert fetch([item], cache, progress)
        assert proxy.asked[0][1]["Host"] == "files.test"


def test_pip_is_asked_where_we_are_not_let_in(served, index, cache, progress, environment):
    """pip's own way in stands for a keyring: an option that only pip reads."""
    index.user = ("me", SECRET)
    item = served()
    environment.setattr("wherry_build.image.wheels.index_settings.IndexSettings.credentials",
                        lambda *_: None)  # fmt: skip
    # Older versions of pip know the password for what is below the index alone.
    environment.setenv("PIP_INDEX_URL", index.url_of("me", SECRET).removesuffix("simple"))
    (file,) = fetch([item], cache, progress)
    assert file.read_bytes() == wheel()
    assert any("pip/" in headers.get("User-Agent", "") for _, headers in index.asked)


def test_pip_is_not_asked_for_a_stranger(served, index, cache, progress, environment):
    """It would build what it takes for a source."""
    index.user = ("me", SECRET)
    item = served()
    environment.setattr("wherry_build.image.wheels.tool.Tool.run", pytest.fail)
    with pytest.raises(IndexUnavailable, match="answers 401"):
        fetch([item], cache, progress, sources=WheelSources(builds=False))


def test_pip_puts_no_variable_into_a_url(index, cache, progress, environment):
    index.user = ("me", "another")
    environment.setenv("TOKEN", SECRET)
    item = locked(wheel(), url=f"{index.origin}/files/${{TOKEN}}/{wheel_name()}")
    with pytest.raises(IndexUnavailable, match="answers 401"):
        fetch([item], cache, progress)
    assert any("pip/" in headers.get("User-Agent", "") for _, headers in index.asked)
    assert SECRET not in str(index.asked)


def test_a_stranger_has_files_of_the_function_and_of_a_folder_of_wheels(cache, progress, tmp_path):
    settings = read_index_settings(WheelSources(folder=tmp_path / "wheels", builds=False))
    function = tmp_path / "function"
    for name, folder in (("a", function / "lib"), ("b", tmp_path / "wheels/deep")):
        file = put(folder, name)
        item = locked(file.read_bytes(), name=name, url=file.as_uri())
        assert download.fetch([item], cache, progress, settings=settings, folder=function)


@pytest.mark.parametrize("way", ["straight", "up", "encoded", "link"])
def test_a_stranger_has_no_other_file_nor_its_hash(way, cache, progress, tmp_path):
    file = put(tmp_path / "elsewhere")
    function = tmp_path / "function"
    function.mkdir()
    (function / "link").symlink_to(file.parent)
    base = function.as_uri()
    url = {
        "straight": file.as_uri(),
        "up": f"{base}/../elsewhere/{file.name}",
        "encoded": f"{base}/..%2felsewhere%2f{file.name}",
        "link": f"{base}/link/{file.name}",
    }[way]
    item = locked(b"another", url=url)
    settings = read_index_settings(WheelSources(builds=False))
    with pytest.raises(WheelRefused, match="the function's folder") as caught:
        download.fetch([item], cache, progress, settings=settings, folder=function)
    assert hashlib.sha256(file.read_bytes()).hexdigest() not in str(caught.value)
    # One's own lock may name it.
    own = locked(file.read_bytes(), url=url)
    assert fetch([own], cache, progress)


def test_what_is_no_regular_file_is_not_read(cache, progress, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for file in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        with pytest.raises(IndexUnavailable, match="a regular file"):
            fetch([locked(wheel(), url=file.as_uri())], cache, progress)


def test_a_folder_of_wheels_is_enough_offline(cache, progress, tmp_path):
    file = put(tmp_path / "wheels")
    item = locked(file.read_bytes(), url="https://files.test/gone.whl")
    sources = WheelSources(folder=tmp_path / "wheels", is_offline=True)
    (found,) = fetch([item], cache, progress, sources=sources)
    assert found.read_bytes() == file.read_bytes()


def test_another_file_of_that_name_is_not_taken(served, cache, progress, tmp_path):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / wheel_name()).write_bytes(b"another")
    sources = WheelSources(folder=tmp_path / "wheels")
    (found,) = fetch([served()], cache, progress, sources=sources)
    assert found.read_bytes() == wheel()


def test_offline_nothing_is_asked(served, index, cache, progress):
    with pytest.raises(IndexUnavailable, match="neither in the cache nor in the folder"):
        fetch([served()], cache, progress, sources=WheelSources(is_offline=True))
    assert index.asked == []


def test_two_at_a_time_download_once(served, index, cache, progress):
    item = served()
    threads = [threading.Thread(target=fetch, args=([item], cache, progress)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hashlib.sha256(cache.place(item).read_bytes()).hexdigest() == item.sha256
    assert index.downloads() == [item.file_name]
