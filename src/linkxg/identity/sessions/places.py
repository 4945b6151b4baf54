"""Where a person signs in from: the network of the address, and the program without its version."""

import re
from ipaddress import ip_network

from linkxg.http.client_ip import parse_address
from linkxg.identity.sessions.model import Place

MAX_DEVICE = 200
_VERSION = re.compile(r"[\d._]+")
_PROGRAMS = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
    ("curl", "curl"), ("python", "Python"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def place_of(source: str, user_agent: str) -> Place:
    address = parse_address(source)
    network = None if address is None else str(ip_network((address, 24 if address.version == 4 else 48), strict=False))
    # Never empty, as it is in the rows of versions that did not keep it.
    device = _VERSION.sub("", user_agent)[:MAX_DEVICE] or "-"
    return Place(source, network, user_agent[:MAX_DEVICE], device)


def describe_device(user_agent: str) -> str | None:
    """Name the program and system in words of our own: the text of a stranger has no place in a mail.

    None for a program that is not known.
    """
    program = next((name for mark, name in _PROGRAMS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if program is None:
        return None
    return f"{program} on {system}" if system else program
