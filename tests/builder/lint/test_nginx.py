"""What NGINX's rules see through includes, ConfigMaps and images, and when they say nothing."""

import base64
import datetime as dt

import pytest

from wherry_build.lint.containers import image_of
from wherry_build.lint.nginx.certificates import covers
from wherry_build.lint.run import lint
from wherry_build.lint.source import read, read_text

WHOLE = "events {}\nhttp {\n%s}\n"
SERVER = WHOLE % "  server {\n    listen 8080;\n%s  }\n"
PASSED = SERVER % "    location %s { proxy_pass %s; proxy_http_version 2; }\n"


def found(reading, rule):
    """Line and message of what one rule finds."""
    return [(each.line, each.message) for each in lint(reading) if each.rule == rule]


def in_conf(text, rule):
    return found(read_text(text, "nginx.conf"), rule)


@pytest.mark.parametrize(
    ("location", "passed", "is_found"),
    [
        ("/", "http://orders/", True),
        ("/api/", "http://orders/api/", True),
        ("^~ /api", "http://orders/", True),
        ("/api/", "http://orders/v1", True),
        ("/", "http://unix:/run/orders.sock:/", True),
        ("/", "http://orders", False),
        ("/", "http://unix:/run/orders.sock", False),
        ("/api/", "http://orders/", False),
        ("/api", "http://orders/v1", False),
        ("= /", "http://orders/", False),
        ("~ ^/api/", "http://orders", False),
        ("/", "http://$orders/", False),
    ],
)
def test_a_uri_is_found_where_it_changes_the_path_by_accident(location, passed, is_found):
    assert bool(in_conf(PASSED % (location, passed), "NGX003")) is is_found


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ("ssl_protocols TLSv1.2 TLSv1.3;", False),
        ("ssl_protocols TLSv1.3;", False),
        ("ssl_protocols TLSv1.2;", True),
        ("ssl_protocols SSLv3 TLSv1.2 TLSv1.3;", True),
        ("ssl_ciphers ECDHE-RSA-AES128-GCM-SHA256;", False),
        ("ssl_ciphers AES128-GCM-SHA256;", True),
        ("ssl_ciphers ECDHE-RSA-AES128-SHA;", True),
        ("ssl_ciphers no-such-suite;", True),
        ("ssl_ciphers PROFILE=SYSTEM;", False),
        ("ssl_ciphers $suites;", False),
        ("proxy_ssl_protocols TLSv1;", False),
    ],
)
def test_what_tls_is_too_weak(line, is_found):
    assert bool(in_conf(SERVER % f"    {line}\n", "NGX001")) is is_found


FORWARDED = "    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"


@pytest.mark.parametrize(
    ("more", "is_found"),
    [
        ("", True),
        ("    set_real_ip_from 10.0.0.0/8;\n", False),
        ("    include /etc/nginx/trusted.conf;\n", False),
        ("    include /etc/nginx/mime.types;\n", True),
    ],
)
def test_an_edge_that_appends(more, is_found):
    assert bool(in_conf(SERVER % (FORWARDED + more), "NGX004")) is is_found


def test_who_listens_on_loopback_alone_is_no_edge():
    assert in_conf((SERVER % FORWARDED).replace("8080", "127.0.0.1:8080"), "NGX004") == []


def test_headers_are_inherited_from_the_nearest_block_that_has_any():
    text = SERVER % (
        "    proxy_http_version 1.1;\n"
        '    proxy_set_header Connection "";\n'
        "    location /a { proxy_pass http://a; }\n"
        "    location /b { proxy_pass http://b; proxy_set_header Host $host; }\n"
    )
    assert [line for line, _ in in_conf(text, "NGX005")] == [8]


def test_what_is_included_stands_in_its_place(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "nginx.conf").write_text(
        WHOLE % "  include proxy.conf;\n  include conf.d/*.conf;\n"
    )
    (tmp_path / "proxy.conf").write_text(
        'proxy_http_version 1.1;\nproxy_set_header Connection "";\n'
    )
    server = tmp_path / "conf.d/orders.conf"
    server.write_text("server {\n  location / { proxy_pass http://orders/; }\n}\n")
    findings = lint(read([tmp_path]))
    assert [(each.path, each.line, each.rule) for each in findings] == [(str(server), 2, "NGX003")]
    (tmp_path / "proxy.conf").unlink()
    assert [each.rule for each in lint(read([tmp_path]))] == ["NGX003", "NGX002"]


def test_files_that_include_each_other_end(tmp_path):
    for name in ("nginx.conf", "a.conf", "b.conf"):
        (tmp_path / name).write_text("include *.conf;\n" + SERVER % "")
    assert lint(read([tmp_path])) == ()


def test_a_part_alone_is_not_asked_for_what_is_around_it():
    assert lint(read_text("location / { proxy_pass http://orders; }\n", "part.conf")) == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http {\n  server {\n", "expecting"),
        ("http {\n}\n}\n", 'unexpected "}"'),
        ("http { " + "a { " * 3000, "cannot be read"),
    ],
)
def test_what_is_no_configuration_is_told(text, said):
    ((_, message),) = in_conf(text, "LNT001")
    assert said in message


@pytest.mark.parametrize(
    "text", ["server {\x00}", "http {};;", "server { include; listen; proxy_pass; location { } }"]
)
def test_odd_texts_stop_no_rule(text):
    lint(read_text(text, "nginx.conf"))


def test_half_of_a_surrogate_pair_stops_no_rule():
    text = 'apiVersion: v1\nkind: ConfigMap\ndata: { nginx.conf: "server { # \\ud800\\n}" }\n'
    lint(read_text(text))


@pytest.mark.parametrize(
    ("reference", "repository", "version"),
    [
        ("nginx:1.29.3-alpine", "nginx", (1, 29, 3)),
        ("docker.io/library/nginx:1.24", "nginx", (1, 24, 999)),
        ("localhost:5000/nginx", "localhost:5000/nginx", None),
        ("nginx:stable@sha256:00", "nginx", None),
        ("envoyproxy/envoy:distroless-v1.38.4", "envoyproxy/envoy", None),
        ("envoyproxy/envoy:v1.38.4", "envoyproxy/envoy", (1, 38, 4)),
    ],
)
def test_an_image_in_its_parts(reference, repository, version):
    image = image_of(reference)
    assert (image.repository, image.version) == (repository, version)


@pytest.mark.parametrize(
    ("names", "host", "is_covered"),
    [
        (("orders.shop.svc",), "orders.shop.svc", True),
        (("Orders.Shop.svc.",), "orders.shop.svc", True),
        (("*.shop.svc",), "orders.shop.svc", True),
        (("*.svc",), "orders.shop.svc", False),
        (("*",), "orders", False),
        ((), "orders", False),
    ],
)
def test_what_a_certificate_is_for(names, host, is_covered):
    assert covers(names, host) is is_covered


POD = """apiVersion: v1
kind: Pod
metadata: {{ name: orders, namespace: shop, labels: {{ app: orders }} }}
spec:
  containers:
  - name: nginx
    image: nginx:1.29.3
    volumeMounts:
    - {{ name: tls, mountPath: /tls }}
    - {{ name: config, mountPath: /etc/nginx }}
  volumes:
  - {{ name: tls, secret: {{ secretName: orders-tls{items} }} }}
  - {{ name: config, configMap: {{ name: orders-nginx }} }}
---
apiVersion: v1
kind: Service
metadata: {{ name: orders, namespace: shop }}
spec: {{ selector: {{ app: orders }}, ports: [{{ port: 443 }}] }}
---
apiVersion: v1
kind: Secret
metadata: {{ name: orders-tls, namespace: shop }}
data: {{ tls.crt: {certificate}, tls.key: "" }}
"""
CONF = SERVER % (
    "    server_name {name};\n"
    "    ssl_certificate /tls/tls.crt;\n"
    "    ssl_certificate_key /tls/tls.key;\n"
)


def certificate_for(*names):
    """A certificate as the `data` of a Secret holds it."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False)
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.PEM)).decode()


def mounted(tmp_path, *, certificate="", items="", name="_"):
    """A pod and, beside it, the only nginx.conf, which is read from a ConfigMap not given."""
    (tmp_path / "pod.yaml").write_text(POD.format(certificate=certificate or '""', items=items))
    (tmp_path / "nginx.conf").write_text(CONF.replace("{name}", name))
    return read([tmp_path])


@pytest.mark.parametrize(
    ("names", "server_name", "is_found"),
    [
        (("localhost",), "_", True),
        (("orders.shop.svc",), "_", False),
        (("*.shop.svc.cluster.local",), "_", False),
        (("orders.example.com",), "orders.example.com", False),
        (("orders.example.com",), "orders.example.com www.example.com", True),
    ],
)
def test_the_names_in_the_certificate_of_a_secret(tmp_path, names, server_name, is_found):
    reading = mounted(tmp_path, certificate=certificate_for(*names), name=server_name)
    assert bool(found(reading, "NGX009")) is is_found


@pytest.mark.parametrize("certificate", ["", "AAAA", "%%%", base64.b64encode(b"x").decode()])
def test_a_secret_without_a_certificate_says_nothing_of_names(tmp_path, certificate):
    assert found(mounted(tmp_path, certificate=f'"{certificate}"'), "NGX009") == []


@pytest.mark.parametrize(
    ("items", "lines"),
    [
        ("", []),
        (", items: [{ key: tls.crt, path: tls.crt }]", [7]),
        (", items: [{ key: tls.crt, path: server.pem }]", [6, 7]),
    ],
)
def test_what_a_volume_shows_is_what_can_be_read(tmp_path, items, lines):
    assert [line for line, _ in found(mounted(tmp_path, items=items), "NGX008")] == lines
