"""The peers that the service is compared with, and the workloads that each supports.

Each peer is a folder with its exact versions, a seed of the same clients and people, and `start.sh`, which serves on
$PORT and stores everything in $DATA_DIR. What a peer does not offer is left out with the reason, never imitated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.workloads import BEARER, INTROSPECTION, LOGIN, MIXED, REFRESH, TOKEN, TOKEN_ES256, TOKEN_HS256, Paths

HERE = Path(__file__).parent
_OPAQUE_ONLY = "opaque tokens only"
_HASHED = "bound by the hash, as its token endpoint is"


@dataclass(frozen=True)
class Peer:
    """`needs` are programs that must be on the path; `lacks` has the reason why a workload is not measured."""

    name: str
    folder: Path
    paths: Paths
    needs: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)


PEERS = (
    Peer(
        "node-oidc-provider",
        HERE / "node-oidc-provider",
        Paths(
            tokens={TOKEN: "/token", TOKEN_HS256: "/token", TOKEN_ES256: "/token"},
            extra={TOKEN_HS256: "&resource=urn:bench:hs256", TOKEN_ES256: "&resource=urn:bench:es256"},
            introspection="/token/introspection",
            # Its one protected resource is userinfo, which takes a token of a person.
            bearer="/me",
            bearer_of_people=True,
            bearer_shows='"sub"',
            refresh="/token",
        ),
        needs=("node", "npm", "redis-server"),
        lacks={LOGIN: "leaves sign-in to the application"},
    ),
    Peer(
        "django-oauth-toolkit",
        HERE / "django-oauth-toolkit",
        Paths(
            tokens={TOKEN: "/o/token/"},
            introspection="/o/introspect/",
            bearer="/products/1",
            refresh="/o/token/",
            login="/o/token/",
        ),
        settings={"HASH_CLIENT_SECRETS": "0"},
        lacks={TOKEN_HS256: _OPAQUE_ONLY, TOKEN_ES256: _OPAQUE_ONLY},
    ),
    # Its default: client secrets go through Django's password hash.
    Peer(
        "django-oauth-toolkit, hashed secrets",
        HERE / "django-oauth-toolkit",
        Paths(tokens={TOKEN: "/o/token/"}, introspection="", bearer="", refresh="", one_secret=True),
        settings={"HASH_CLIENT_SECRETS": "1"},
        lacks=dict.fromkeys((TOKEN_HS256, TOKEN_ES256), _OPAQUE_ONLY)
        | dict.fromkeys((INTROSPECTION, REFRESH, MIXED), _HASHED)
        | dict.fromkeys((BEARER, LOGIN), "as with plain secrets"),
    ),
    Peer(
        "Authlib",
        HERE / "authlib",
        Paths(
            tokens={TOKEN: "/token", TOKEN_HS256: "/token/HS256", TOKEN_ES256: "/token/ES256"},
            introspection="/introspect",
            bearer="/products/1",
            refresh="/token",
            login="/token",
        ),
    ),
)
