"""What the texts of mails have in common: names, times, origins and the last lines.

Names come from people, some of whom are strangers to the reader: in a mail they are one short line without a link.
"""

import re
from datetime import UTC, datetime

from linkxg.audit.model import Actor
from linkxg.clock import now_ms, time_zone
from linkxg.identity.accounts.model import User

MAX_SHOWN = 60
_SOURCES_WITHOUT_ADDRESS = ("cli", "partner", "", "-")
# Programs for mail make links of addresses without a scheme too, and browsers read all of these as a dot (UTS #46).
_DOT_IN_ADDRESS = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](?=[^\W\d_]{2})")
_SCHEME = re.compile(r"[:\uff1a](?=[/\uff0f\\])")


def shown(name: str) -> str:
    """A name as one line of at most MAX_SHOWN characters that no program for mail makes a link of."""
    line = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    short = line if len(line) <= MAX_SHOWN else f"{line[: MAX_SHOWN - 1].rstrip()}…"
    return _DOT_IN_ADDRESS.sub(". ", _SCHEME.sub(": ", short))


def person_label(name: str | None, email: str) -> str:
    """`Mira Holm (mira@example.com)`, or the address of a person without a name."""
    return f"{shown(name)} ({email})" if name else email


def label_of(user: User) -> str:
    return person_label(user.name, user.email)


def local_time(at: int, zone: str | None) -> str:
    """`28 Nov 2026, 15:33 (Europe/Berlin, UTC+01:00)`; without a zone that is known here, `28 Nov 2026, 14:33 UTC`."""
    found = time_zone(zone) if zone else None
    local = datetime.fromtimestamp(at // 1_000, found or UTC)
    text = f"{local:%-d %b %Y, %H:%M}"
    return f"{text} UTC" if found is None else f"{text} ({zone}, UTC{local.isoformat()[-6:]})"


def asked_for(actor: Actor, zone: str | None) -> str:
    """When and from where, as a sentence: the end of a mail that somebody asked for."""
    return f"It was asked for on {local_time(now_ms(), zone)}{_from(actor)}."


def last_lines(why: str, public_url: str, actor: Actor | None = None) -> str:
    """Why the reader gets the mail, by which installation, and the request for support."""
    service = f"Service: {public_url}\n" if public_url else ""
    request = "" if actor is None or actor.request_id in ("", "-") else f"Request, for support: {actor.request_id}\n"
    return f"You get this mail because {why}.\n{service}{request}"


def origin(actor: Actor) -> str | None:
    """The network address of the request; None if it has none."""
    return None if actor.source in _SOURCES_WITHOUT_ADDRESS else actor.source


def _from(actor: Actor) -> str:
    source = origin(actor)
    if source is not None:
        return f", from the network address {source}"
    return ", by the operator, on the command line" if actor.kind == "cli" else ""
