"""The platform at one glance."""

from wherry_build.project import read_project
from wherry_local.deployment import FunctionKey

HELLO = FunctionKey("hello")


def row(gateway, name="hello"):
    found = gateway.ask("GET", "/system/overview").json()["functions"]
    return next(each for each in found if each["name"] == name)


def test_it_has_every_figure(gateway):
    for seconds in (0.01, 0.02, 0.03):
        gateway.call(gateway.meters.count, HELLO, 200, seconds)
    gateway.call(gateway.meters.count, HELLO, 500, 0.04)
    shown = row(gateway)
    assert (shown["calls"], shown["errors"]) == (4, 1)
    assert 0 < shown["p50Ms"] <= shown["p95Ms"] <= shown["p99Ms"]
    assert shown["url"] == "http://127.0.0.1:8080/function/hello"
    assert (shown["revision"], shown["handler"]) == (1, str(gateway.root / "hello"))
    overview = gateway.ask("GET", "/system/overview").json()
    assert set(overview) == {"functions", "brokers", "queue", "version"}
    assert overview["brokers"][0]["name"] == "default"
    assert overview["queue"] == {"due": 0, "leased": 0, "delivered": 0, "dead": 0}


def test_the_state_of_a_function_follows_from_its_replicas(gateway):
    replicas = gateway.fleet.served[HELLO]
    assert row(gateway)["state"] == "ready"
    replicas.desired = 0
    assert row(gateway)["state"] == "asleep"
    replicas.fault = "handler.py:1: NameError"
    shown = row(gateway)
    assert (shown["state"], shown["fault"]) == ("failing", "handler.py:1: NameError")
    replicas.desired = 1
    assert row(gateway)["state"] == "ready"  # the code before goes on


def test_functions_of_other_namespaces_are_there_with_their_whole_name(gateway):
    gateway.ask("POST", "/system/namespace/", {"name": "team"})
    wanted = {"service": "hello", "namespace": "team", "envProcess": "cat"}
    gateway.ask("POST", "/system/functions", wanted)
    urls = {
        e["namespace"]: e["url"]
        for e in gateway.ask("GET", "/system/overview").json()["functions"]
        if e["name"] == "hello"
    }
    assert urls == {
        "openfaas-fn": "http://127.0.0.1:8080/function/hello",
        "team": "http://127.0.0.1:8080/function/hello.team",
    }


def test_routes_are_those_of_the_project(tmp_path, gateway):
    (tmp_path / "wherry.yaml").write_text(
        "version: 1\n"
        "hosts: {shop.example: {}}\n"
        "routes:\n"
        "  all: {function: hello}\n"
        "  api: {host: shop.example, path: {prefix: /api}, function: orders}\n"
        "  one: {path: {exact: /one}, split: [{function: hello, percent: 50}, "
        "{function: orders, percent: 50}]}\n"
    )
    for name in ("hello", "orders"):
        folder = tmp_path / "functions" / name
        folder.mkdir(parents=True)
        (folder / "handler.py").write_text("def handle(request):\n    return 'ok'\n")
    gateway.said = read_project(tmp_path)
    assert gateway.ask("GET", "/system/routes").json() == [
        {
            "name": "all",
            "hosts": ["shop.example"],
            "path": "/",
            "function": "hello",
            "url": "http://127.0.0.1:8080/function/hello",
        },
        {
            "name": "api",
            "hosts": ["shop.example"],
            "path": "/api/*",
            "function": "orders",
            "url": "http://127.0.0.1:8080/function/orders",
        },
        *(
            {
                "name": "one",
                "hosts": ["shop.example"],
                "path": "/one",
                "function": name,
                "url": f"http://127.0.0.1:8080/function/{name}",
            }
            for name in ("hello", "orders")
        ),
    ]


def test_a_project_without_a_file_has_no_routes(gateway):
    assert gateway.ask("GET", "/system/routes").body == b"[]"
