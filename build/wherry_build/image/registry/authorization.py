"""How a registry is shown who asks: a password with each request, or tokens of its token service.

Nothing is shown before the registry asks for it (RFC 9110 section 11.6.1). Tokens live as long as
the command. The token service is docker's protocol: GET with a password, POST with an identity
token (OAuth 2.0, RFC 6749 section 6).
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterable, Sequence
from urllib.parse import urlencode, urlsplit

from wherry_build.errors import AccessDenied, RegistryError, RegistryUnavailable
from wherry_build.image.registry import url as urls
from wherry_build.image.registry.challenge import Challenge
from wherry_build.image.registry.credential import Credential, FoundCredential
from wherry_build.image.registry.credentials import Credentials
from wherry_build.image.registry.patience import Interruption
from wherry_build.image.registry.refusal import BUSY, login, pause_s, refused
from wherry_build.image.registry.wire import Answer, Request, Wire
from wherry_build.values import frozen, replaced

_LIMIT_TOKEN_BYTES = 1024 * 1024
_CLIENT = "wherry"


@frozen
class Access:
    """What a request is to be allowed.

    Attributes:
        repository: The repository; empty asks nothing of any.
        push: Whether to write there.
        sources: Repositories to read, whose blobs are to be mounted.
    """

    repository: str = ""
    push: bool = False
    sources: tuple[str, ...] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """As token services have it."""
        if not self.repository:
            return ()
        own = f"repository:{self.repository}:{'pull,push' if self.push else 'pull'}"
        return (own, *(f"repository:{each}:pull" for each in self.sources))


class Authorization:
    """What one registry is shown.

    Args:
        registry: The registry, as images' names have it.
        wire: Where token services are asked.
        credentials: Has the credentials.
    """

    def __init__(self, registry: str, wire: Wire, credentials: Credentials) -> None:
        self._registry = registry
        self._wire = wire
        self._credentials = credentials
        self._basic: dict[str, str] = {}
        self._tokens: dict[Access, str] = {}
        self._secrets: set[str] = set()
        self._turn = threading.Lock()

    @property
    def secrets(self) -> Iterable[str]:
        """All that has been shown, and that no message may hold."""
        return tuple(self._secrets)

    def header(self, access: Access) -> str:
        """The value of `Authorization` for now; empty shows nothing."""
        token = self._tokens.get(access, "")
        return f"Bearer {token}" if token else self._basic.get(access.repository, "")

    def renew(self, challenges: Sequence[Challenge], access: Access, shown: str, url: str) -> None:
        """Have something to show that is not `shown`, which the registry at `url` refused.

        Raises:
            AccessDenied: There is nothing, or the token service refuses what there is.
            RegistryUnavailable: The registry asks for what nobody has, or there is no such service.
            Interruption: The token service does not answer for now.
        """
        with self._turn:
            if self.header(access) != shown:
                return  # another thread was here
            found = self._credentials.find(f"{self._registry}/{access.repository}")
            self._remember(found.credential)
            bearer = next((each for each in challenges if each.scheme == "bearer"), None)
            if bearer is not None:
                self._tokens[access] = self._token(bearer, access, found, shown, url)
            elif any(each.scheme == "basic" for each in challenges):
                self._show_password(access, found, shown)
            else:
                raise RegistryUnavailable(
                    f"{self._registry} answers 401 and does not say what it wants to be shown",
                    hint=f"is that a registry? curl -I {urls.api(url)}",
                )

    def _show_password(self, access: Access, found: FoundCredential, shown: str) -> None:
        basic = found.credential.basic if found.credential is not None else ""
        if not basic or basic == shown:
            raise self.denied(access)
        self._basic[access.repository] = basic

    def _token(
        self, challenge: Challenge, access: Access, found: FoundCredential, shown: str, url: str
    ) -> str:
        credential = found.credential
        if credential is not None and credential.registry_token:
            if shown == f"Bearer {credential.registry_token}":
                raise self.denied(access)
            return credential.registry_token
        realm = self._realm(challenge, url)
        answer = self._asked(realm, challenge, access, credential)
        if 400 <= answer.status < 500 and access.sources and answer.status not in BUSY:
            # A service may refuse all for the repository that blobs would be mounted from.
            narrow = replaced(access, sources=())
            answer = self._asked(realm, challenge, narrow, credential)
        if answer.status in {400, 401, 403}:
            raise self.denied(access)
        what = f"for a token for {access.repository or 'it'}"
        if answer.status in BUSY:
            raise Interruption(self._refused(what, answer), pause_s=pause_s(answer))
        if answer.status != 200:
            raise self._refused(what, answer)
        token = _token_of(answer)
        if not token:
            raise RegistryUnavailable(
                f"{self._registry}: its token service {urls.host(realm)} answers no token",
                hint=login(self._registry),
            )
        self._secrets.add(token)
        return token

    def _asked(
        self, realm: str, challenge: Challenge, access: Access, credential: Credential | None
    ) -> Answer:
        scopes = tuple(
            dict.fromkeys((*access.scopes, *(() if access.scopes else challenge.scopes)))
        )
        service = challenge.parameters.get("service", "")
        if credential is not None and credential.identity_token:
            form = {
                "grant_type": "refresh_token",
                "service": service,
                "client_id": _CLIENT,
                "scope": " ".join(scopes),
                "refresh_token": credential.identity_token,
            }
            body = urlencode(form).encode()
            request = Request(
                method="POST",
                url=realm,
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=lambda: io.BytesIO(body),
                size_bytes=len(body),
                is_secret=True,
            )
            return self._wire.ask(request, limit_bytes=_LIMIT_TOKEN_BYTES)
        query = [("service", service)] if service else []
        query += [("scope", scope) for scope in scopes]
        headers = {}
        if credential is not None and credential.basic:
            headers["Authorization"] = credential.basic
            query.append(("account", credential.username))
        separator = "&" if urlsplit(realm).query else "?"
        request = Request(
            method="GET", url=f"{realm}{separator}{urlencode(query)}", headers=headers
        )
        return self._wire.ask(request, limit_bytes=_LIMIT_TOKEN_BYTES)

    def _realm(self, challenge: Challenge, url: str) -> str:
        """Where tokens are; never without TLS for a registry that has it."""
        realm = challenge.parameters.get("realm", "")
        schemes = {"https"} if url.startswith("https:") else {"http", "https"}
        try:
            is_usable = urls.origin(urls.resolve("", realm))[0] in schemes
        except ValueError:
            is_usable = False
        if not is_usable:
            raise RegistryUnavailable(
                f"{self._registry} names a token service that is no {' or '.join(sorted(schemes))} "
                "URL",
                hint=f"is that a registry? curl -I {urls.api(url)}",
            )
        return realm.partition("#")[0]

    def _remember(self, credential: Credential | None) -> None:
        if credential is not None:
            shown = (credential.password, credential.identity_token, credential.registry_token)
            basic = credential.basic.partition(" ")[2]
            self._secrets.update(filter(None, (*shown, basic)))

    def denied(self, access: Access) -> AccessDenied:
        """The error of not being let in, with the way in.

        Raises:
            CredentialsUnreadable: There is a file of credentials that cannot be read.
        """
        found = self._credentials.find(f"{self._registry}/{access.repository}")
        what = f"{'push to' if access.push else 'read'} {self._registry}/{access.repository}"
        if found.credential is not None:
            source = found.credential.source
            return AccessDenied(
                f"{what}: {self._registry} does not accept the credentials from {source}",
                hint=f"{login(self._registry)}, as somebody who may",
            )
        note = f"; {found.note}" if found.note else ""
        return AccessDenied(
            f"{what}: {self._registry} wants to know who asks, and there are no credentials for it"
            f"{note}",
            hint=login(self._registry),
        )

    def _refused(self, what: str, answer: Answer) -> RegistryError:
        return refused(self._registry, what, answer, secrets=self.secrets)


def _token_of(answer: Answer) -> str:
    try:
        said = json.loads(answer.body)
        token = said.get("token") or said.get("access_token")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return token if isinstance(token, str) and token.isprintable() and token.isascii() else ""
