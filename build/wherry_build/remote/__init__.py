"""The remote builder: the protocol by which faas-cli has images built elsewhere, and a server."""
