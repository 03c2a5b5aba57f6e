"""Loading into an engine: what it has is not sent, what it refuses is told."""

import io
import json
import socketserver
import tarfile
import threading
from http.server import BaseHTTPRequestHandler

import pytest

from wherry_build.errors import ContentRefused, EngineUnavailable, ImageBuildFailed
from wherry_build.image.content import BytesContent, Descriptor
from wherry_build.image.oci.engine_socket import EngineSocket, local_engine
from wherry_build.image.oci.load import load
from wherry_build.values import replaced


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 16


class Engine:
    """An engine that keeps images as Docker's own store does; `store` is what it calls that."""

    def __init__(self, store="overlay2"):
        self.store = store
        self.images = {}
        self.chains = set()
        self.loads = []
        self.refuses = 0
        self.architecture = "amd64"

    def load(self, body):
        """Keep what is in a tar; a layer may be absent when what is below it is known, and it."""
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            names = archive.getnames()
            self.loads.append(names)
            if self.refuses:
                self.refuses -= 1
                return {"errorDetail": {"message": "no"}, "error": "no space\x1b[31m left"}
            (item,) = json.load(archive.extractfile("manifest.json"))
            config = json.load(archive.extractfile(item["Config"]))
        diff_ids = config["rootfs"]["diff_ids"]
        for number, layer in enumerate(item["Layers"], 1):
            chain = tuple(diff_ids[:number])
            if layer not in names and (chain not in self.chains or self.store != "overlay2"):
                return {"error": f"open {layer}: no such file or directory"}
            self.chains.add(chain)
        for tag in item["RepoTags"]:
            self.images[tag] = {
                "Id": f"sha256:{item['Config'].rpartition('/')[2]}",
                "GraphDriver": {"Name": self.store},
                "RootFS": {"Layers": diff_ids},
            }
        return {"stream": "Loaded image"}

    def layers_sent(self, number=-1):
        return [name for name in self.loads[number] if name.startswith("blobs/sha256/")]


@pytest.fixture
def serve(tmp_path):
    """Serve an engine on a socket: `serve(engine)` is its address."""
    running = []

    def serve(engine):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/version":
                    return self._answer(200, {"Arch": engine.architecture})
                name = self.path.removeprefix("/images/").removesuffix("/json")
                found = engine.images.get(name)
                return self._answer(200 if found else 404, found or {"message": "No such image"})

            def do_POST(self):
                assert self.path.startswith("/images/load")
                body = b""
                while (line := self.rfile.readline()) != b"0\r\n":
                    if not line:
                        return  # whoever sent it stopped
                    body += self.rfile.read(int(line, 16))
                    self.rfile.readline()
                self.rfile.readline()
                self._answer(200, engine.load(body))

            def _answer(self, status, document):
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def address_string(self):
                return "unix"

            def log_message(self, *arguments):
                pass

        path = tmp_path / f"engine-{len(running)}.sock"
        server = Server(str(path), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        running.append((server, thread))
        return EngineSocket(f"unix://{path}")

    yield serve
    for server, thread in running:
        server.shutdown()
        server.server_close()
        thread.join(10)


def edited(image, make_layer, make_base):
    """`image` with another layer of code on top."""
    from wherry_build.image.oci.document import platform_image
    from wherry_build.image.oci.settings import function_settings

    (first,) = image.images
    base = make_base(
        {"usr/bin/python3": "python3.12", "etc/arch": b"amd64"},
        {"usr/lib/x": b"x" * 1000},
        env=["PATH=/usr/bin"],
    )
    code = make_layer("code", **{"handler.py": b"edited"})
    again = platform_image(base, [first.layers[0], code], function_settings("hello"))
    assert again.base == first.base
    return replaced(
        image,
        images=(again,),
        id=again.config.descriptor.digest,
        digest=again.manifest.descriptor.digest,
    )


def blob(digest):
    return f"blobs/{digest.replace(':', '/')}"


def test_the_first_time_all_is_sent(make_image, serve, progress):
    engine, image = Engine(), make_image()
    address = load(image, serve(engine), progress)
    assert address.startswith("unix://")
    assert engine.images["ghcr.io/acme/hello:1.0"]["Id"] == image.id
    assert blob(image.images[0].base[0].descriptor.digest) in engine.layers_sent()
    ((done, total),) = progress.bytes.values()
    assert done == total


def test_what_is_there_is_not_loaded_again(make_image, serve, progress):
    engine, image = Engine(), make_image()
    socket = serve(engine)
    load(image, socket, progress)
    load(image, socket, progress)
    assert len(engine.loads) == 1


def test_an_edit_sends_one_layer(make_image, make_layer, make_base, serve, progress):
    engine, image = Engine(), make_image()
    socket = serve(engine)
    load(image, socket, progress)
    after = edited(image, make_layer, make_base)
    load(after, socket, progress)
    assert engine.images["ghcr.io/acme/hello:1.0"]["Id"] == after.id
    (layer,) = (each.content.descriptor.digest for each in after.images[0].layers[1:])
    config, manifest = after.images[0].config, after.images[0].manifest
    assert set(engine.layers_sent()) == {
        blob(layer),
        blob(config.descriptor.digest),
        blob(manifest.descriptor.digest),
    }


def test_layers_of_a_base_that_is_there_are_not_sent(make_image, serve, progress):
    image = replaced(make_image(), base="python:3.12-slim")
    diff_ids = json.loads(image.images[0].config.content)["rootfs"]["diff_ids"]
    engine = Engine()
    engine.images["python:3.12-slim"] = {
        "Id": "sha256:base",
        "GraphDriver": {"Name": "overlay2"},
        "RootFS": {"Layers": diff_ids[:2]},
    }
    engine.chains |= {tuple(diff_ids[:1]), tuple(diff_ids[:2])}
    load(image, serve(engine), progress)
    sent = engine.layers_sent()
    assert not {blob(each.descriptor.digest) for each in image.images[0].base} & set(sent)
    assert engine.images["ghcr.io/acme/hello:1.0"]["Id"] == image.id


@pytest.mark.parametrize("store", ["overlayfs", "native", "overlay", ""])
def test_other_stores_get_every_layer(make_image, make_layer, make_base, serve, progress, store):
    engine, image = Engine(store), make_image()
    socket = serve(engine)
    load(image, socket, progress)
    after = edited(image, make_layer, make_base)
    load(after, socket, progress)
    assert len(engine.loads) == 2
    assert blob(image.images[0].base[0].descriptor.digest) in engine.layers_sent()
    assert engine.images["ghcr.io/acme/hello:1.0"]["Id"] == after.id


def test_an_engine_that_wants_more_gets_all(make_image, make_layer, make_base, serve, progress):
    engine, image = Engine(), make_image()
    socket = serve(engine)
    load(image, socket, progress)
    engine.chains.clear()  # removed between our look and the load
    after = edited(image, make_layer, make_base)
    load(after, socket, progress)
    assert engine.images["ghcr.io/acme/hello:1.0"]["Id"] == after.id
    assert progress.steps == ["the engine wants every layer"]


def test_the_platform_of_the_engine_is_chosen(make_image, serve, progress):
    engine, image = Engine(), make_image("amd64", "arm64")
    engine.architecture = "arm64"
    load(image, serve(engine), progress)
    arm64 = image.images[1].config.descriptor.digest
    assert engine.images["ghcr.io/acme/hello:1.0"]["Id"] == arm64


def test_a_refusal_is_told_in_printable_words(make_image, serve, progress):
    engine = Engine()
    engine.refuses = 1
    with pytest.raises(ImageBuildFailed, match="no space") as caught:
        load(make_image(), serve(engine), progress)
    assert "\x1b" not in caught.value.message
    assert engine.images == {}


def test_bytes_that_are_not_those_of_their_digest_are_not_sent(make_image, serve, progress):
    image = make_image()
    false = BytesContent(descriptor=Descriptor.of(b"right", "x"), content=b"wrong")
    image = replaced(image, images=(replaced(image.images[0], base=(false,)),))
    with pytest.raises(ContentRefused):
        load(image, serve(Engine()), progress)


def test_no_engine_is_told(make_image, tmp_path, progress):
    with pytest.raises(EngineUnavailable, match=r"nothing\.sock: ") as caught:
        load(make_image(), EngineSocket(f"unix://{tmp_path}/nothing.sock"), progress)
    assert "--output tar:" in caught.value.hint


@pytest.mark.parametrize("address", ["ssh://me@host", "npipe:////./pipe/x", "tcp://", "", "x"])
def test_addresses_that_cannot_be_used(make_image, progress, address):
    with pytest.raises(EngineUnavailable, match="expected an address"):
        load(make_image(), EngineSocket(address), progress)


@pytest.mark.parametrize("pem", [None, "no certificate"])
def test_an_engine_whose_certificates_cannot_be_read(
    make_image, progress, monkeypatch, tmp_path, pem
):
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    if pem is not None:
        (tmp_path / "ca.pem").write_text(pem)
    with pytest.raises(EngineUnavailable, match=r"certificates in .* cannot be read: ") as caught:
        load(make_image(), EngineSocket("tcp://127.0.0.1:9"), progress)
    assert "DOCKER_CERT_PATH" in caught.value.hint
    assert "None" not in caught.value.message


def context(home, name, host):
    import hashlib

    folder = home / ".docker/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": host}}}))


def test_which_engine(tmp_path):
    home = {"HOME": str(tmp_path)}
    assert local_engine({**home, "DOCKER_HOST": "unix:///a"}) == EngineSocket("unix:///a")
    context(tmp_path, "colima", "unix:///colima.sock")
    assert local_engine({**home, "DOCKER_CONTEXT": "colima"}).address == "unix:///colima.sock"
    (tmp_path / ".docker/config.json").write_text('{"currentContext": "colima"}')
    assert local_engine(home).address == "unix:///colima.sock"
    assert local_engine({**home, "DOCKER_HOST": "unix:///a"}).address == "unix:///a"


@pytest.mark.parametrize(
    "config", ["", "[]", "{", '{"currentContext": 1}', '{"currentContext": "x"}']
)
def test_a_configuration_that_says_nothing(tmp_path, config, monkeypatch):
    from wherry_build.image.oci import engine_socket

    monkeypatch.setattr(engine_socket, "_is_socket", lambda path: path.name == "podman.sock")
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(config)
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/1"}
    assert local_engine(environment).address == "unix:///run/user/1/podman/podman.sock"


def test_no_socket_anywhere(tmp_path, monkeypatch):
    from wherry_build.image.oci import engine_socket

    monkeypatch.setattr(engine_socket, "_is_socket", lambda path: False)
    with pytest.raises(EngineUnavailable, match=r"/var/run/docker\.sock"):
        local_engine({"HOME": str(tmp_path)})
