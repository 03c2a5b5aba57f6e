"""The builder: a project's images and manifests. It knows platforms and runs no function."""
