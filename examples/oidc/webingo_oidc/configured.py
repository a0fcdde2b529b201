"""What the operator sets, in variables of the environment that are this package's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from webingo.addresses import unsafe
from webingo.errors import BadResource


@dataclass(frozen=True, slots=True)
class Configured:
    """`issuer` is compared letter by letter with what the provider says of itself and signs. Without `client_secret` the client
    is a public one: what it shows is the proof of PKCE alone."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    scope: str = "openid profile"


def configured(environment: Mapping[str, str]) -> Configured:
    """Raises BadResource with all that is wrong."""
    found = Configured(
        environment.get("OIDC_ISSUER", ""),
        environment.get("OIDC_CLIENT_ID", ""),
        environment.get("OIDC_CLIENT_SECRET", ""),
        environment.get("OIDC_SCOPE", "openid profile"),
    )
    wrong = {
        "OIDC_ISSUER": unsafe(found.issuer) if found.issuer else "the address of the provider is needed",
        "OIDC_CLIENT_ID": "" if found.client_id else "the id that the provider has given this server is needed",
        "OIDC_SCOPE": "" if "openid" in found.scope.split() else '"openid" has to be one of them',
    }
    if problems := [("environment", name, reason) for name, reason in wrong.items() if reason]:
        raise BadResource(problems)
    return found


def trusted(url: str) -> bool:
    """Whether an address that the provider names may be called: by https, or by http in the own network."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        url.isprintable()
        and " " not in url
        and parts.scheme in ("http", "https")
        and not parts.fragment
        and not unsafe(parts._replace(query="").geturl())
    )
