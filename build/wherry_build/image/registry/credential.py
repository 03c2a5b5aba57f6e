"""What proves to a registry who asks. A value that shows its secrets to nobody."""

from __future__ import annotations

import base64

from wherry_build.values import frozen


@frozen(hidden=("password", "identity_token", "registry_token"))
class Credential:
    """A user name with a password, or a token in their place.

    Attributes:
        username: Who.
        password: The password; empty where a token is in its place.
        identity_token: A token that only the registry's token service takes, as a refresh token.
        registry_token: A token that the registry itself takes.
        source: Where it was found, for messages: a file or a program, never a secret.
    """

    username: str = ""
    password: str = ""
    identity_token: str = ""
    registry_token: str = ""
    source: str = ""

    @property
    def basic(self) -> str:
        """The value of an `Authorization` field (RFC 7617); empty without a password."""
        if not self.password:
            return ""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


@frozen
class FoundCredential:
    """What there is for one registry.

    Attributes:
        credential: The credential; None is to ask as anybody.
        note: Why one that should be there is not; for the message when the registry wants one.
    """

    credential: Credential | None = None
    note: str = ""
