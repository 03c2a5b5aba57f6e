"""What the command says and what the project says, of the same thing."""

import pytest
from tests.builder.manifests.full_project import made
from tests.builder.manifests.matrix import WAYS, options

from wherry_build.manifests.resolution import topology
from wherry_build.project.specification.routing import HostTls

HOSTS = """
functions: {hello: {}}
hosts:
  a.example.com: {tls: {secret: a-tls, redirect: false}}
  b.example.com: {}
"""


@pytest.mark.parametrize(
    ("host", "secret", "tls"),
    [
        ("a.example.com", None, HostTls(secret="a-tls", redirect=False)),
        ("a.example.com", "new", HostTls(secret="new", redirect=False)),
        ("b.example.com", None, None),
        ("b.example.com", "new", HostTls(secret="new")),
        ("c.example.com", None, None),
        ("c.example.com", "new", HostTls(secret="new")),
    ],
)
def test_a_host_of_the_command_keeps_what_the_project_says_of_it(host, secret, tls):
    resolved = topology(made(HOSTS), options(WAYS[0], host=host, tls_secret=secret))
    assert resolved.hosts[host] == tls
    assert {"a.example.com", "b.example.com"} <= resolved.hosts.keys()
