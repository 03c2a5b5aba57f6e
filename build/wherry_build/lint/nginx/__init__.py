"""Rules over nginx.conf: NGX001 to NGX009."""

from wherry_build.lint.nginx import files, proxying, tls, workloads

__all__ = ["files", "proxying", "tls", "workloads"]
