"""GS1's test suite for resolvers, from its cases as data: each is a request and what its answer must be."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import jsonschema_rs

from epcis.gs1_files import vector
from harness.answers import JsonObject
from harness.tls import ADDRESS
from linkxg.catalog.identifiers.link_syntax import read_link

HOST = "resolver.linkxg.test"
TIMEOUT_S = 10.0
GS1 = "https://ref.gs1.org/voc/"
DEFAULT = f"{GS1}defaultLink"
LINK_TYPES = {"defaultLink", "dpp", "pip", "certificationInfo", "epcis", "masterData", "traceability"}
"""Of those in the vocabulary, those that we might give."""


class Response(NamedTuple):
    status: int
    version: int
    headers: http.client.HTTPMessage
    body: bytes

    def header(self, name: str) -> str | None:
        found = self.headers.get_all(name)
        return ", ".join(found) if found else None


class _Connection(http.client.HTTPSConnection):
    """To the host of the resolver, wherever it is: the certificate must be for that name."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__(HOST, timeout=TIMEOUT_S, context=context)
        self._there, self._tls = (ADDRESS, port), context

    def connect(self) -> None:
        plain = socket.create_connection(self._there, timeout=TIMEOUT_S)
        self.sock = self._tls.wrap_socket(plain, server_hostname=HOST)


class Browser:
    """Sends the requests of the suite by TLS, and follows no redirect."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._port, self._context = port, ssl.create_default_context(cafile=str(certificate))

    def send(self, method: str, url: str, headers: JsonObject) -> Response:
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc) == ("https", HOST), url
        connection = _Connection(self._port, self._context)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, headers=headers)
            answer = connection.getresponse()
            return Response(answer.status, answer.version, answer.headers, answer.read())
        finally:
            connection.close()


class Suite:
    """The cases for one Digital Link."""

    def __init__(self, browser: Browser, link: str) -> None:
        self._browser, self.link = browser, link
        path = urlsplit(link).path.split("/")
        # Below the slug; the key begins what is the same at every resolver.
        self._places = {
            "dl": link,
            "host": HOST,
            "scheme_host_prefix": f"https://{HOST}/{path[1]}",
            "gtin14": path[3] if path[2] == "01" else "",
            "gln13": path[3] if path[2] == "414" else "",
        }

    def run(self, case: JsonObject) -> None:
        """Raises AssertionError unless the resolver behaves as the case has it."""
        identifier, headers = case["id"], case["headers"]
        if (more := _WHOLE.get(identifier)) is not None:
            more(self, headers)
            return
        url = re.sub(r"\{(\w+)\}", lambda found: self._places[found[1]], case["url"])
        answer = self._browser.send(case["method"], url, headers) if case["method"] else None
        for name, expected in case["expect"].items():
            _EXPECTATIONS[name](self, answer, expected, headers)

    def get(self, url: str, headers: JsonObject) -> Response:
        return self._browser.send("GET", url, headers)

    def levels(self, headers: JsonObject) -> list[JsonObject]:
        accept = {"Accept": "application/linkset+json"}
        answer = self.get(f"{self.link}?linkType=linkset", headers | accept)
        found: list[JsonObject] = json.loads(answer.body)["linkset"]
        return found

    def links(self, headers: JsonObject) -> dict[str, list[JsonObject]]:
        """By type; each counts at its most granular level."""
        found: dict[str, list[JsonObject]] = {}
        for level in self.levels(headers):
            found = {name: value for name, value in level.items() if isinstance(value, list)} | found
        return found


def _has_header(_: Suite, answer: Response | None, expected: JsonObject, __: JsonObject) -> None:
    assert answer
    for name, rules in expected.items():
        for rule in rules if isinstance(rules, list) else [rules]:
            assert _HEADER_RULES[rule](answer.header(name)), (name, rule, answer)


_HEADER_RULES: dict[str | None, Callable[[str | None], bool]] = {
    None: lambda value: value is None,
    "present": lambda value: bool(value),
    "contains GET": lambda value: "GET" in (value or ""),
    "contains HEAD": lambda value: "HEAD" in (value or ""),
    "contains OPTIONS": lambda value: "OPTIONS" in (value or ""),
    "contains foo=bar": lambda value: "foo=bar" in (value or ""),
    "startsWith application/linkset+json": lambda value: (value or "").startswith("application/linkset+json"),
    'an entry whose text has rel="linkset" (double quotes, exactly)': lambda value: 'rel="linkset"' in (value or ""),
    'no entry with rel="gs1:': lambda value: 'rel="gs1:' not in (value or ""),
    'an entry with rel="http://www.w3.org/ns/json-ld#context" and type="application/ld+json"': lambda value: any(
        'rel="http://www.w3.org/ns/json-ld#context"' in entry and 'type="application/ld+json"' in entry
        for entry in (value or "").split(",")
    ),
}


def _status(_: Suite, answer: Response | None, expected: int, __: JsonObject) -> None:
    assert answer
    assert answer.status == expected, answer


def _other_status(_: Suite, answer: Response | None, refused: int, __: JsonObject) -> None:
    assert answer
    assert answer.status != refused, answer
    assert answer.status < 500, answer


def _schema(_: Suite, answer: Response | None, name: str, __: JsonObject) -> None:
    assert answer
    jsonschema_rs.validate(vector(f"gs1/{name}"), json.loads(answer.body))


def _cors(_: Suite, answer: Response | None, __: str, headers: JsonObject) -> None:
    assert answer
    assert answer.header("Access-Control-Allow-Origin") in ("*", headers["Origin"])


def _http_version(_: Suite, answer: Response | None, expected: str, __: JsonObject) -> None:
    assert answer
    assert expected == ">=1.1"
    assert answer.version >= 11


def _any_answer(_: Suite, answer: Response | None, __: bool, ___: JsonObject) -> None:
    assert answer


def _host_has_a_dot(suite: Suite, _: None, __: str, ___: JsonObject) -> None:
    assert "." in (urlsplit(suite.link).hostname or "")


def _scheme(suite: Suite, _: None, expected: str, __: JsonObject) -> None:
    assert urlsplit(suite.link).scheme == expected


def _is_link(suite: Suite, _: None, __: str, ___: JsonObject) -> None:
    assert suite.link.endswith(read_link(suite.link).path)


def _same_as(suite: Suite, answer: Response | None, expected: str, headers: JsonObject) -> None:
    assert answer
    assert expected == "GET {dl}"
    other = suite.get(suite.link, headers)
    assert (answer.status, answer.header("Location")) == (other.status, other.header("Location"))


_EXPECTATIONS: dict[str, Callable[[Suite, Any, Any, JsonObject], None]] = {
    "header": _has_header, "status": _status, "statusNot": _other_status, "jsonSchema": _schema, "cors": _cors,
    "httpVersion": _http_version, "anyAnswer": _any_answer, "urlPattern": _host_has_a_dot, "scheme": _scheme,
    "digitalLink": _is_link, "sameStatusAndLocationAs": _same_as,
}  # fmt: skip


def _anchors(suite: Suite, headers: JsonObject) -> None:
    segments, anchors = suite.link.split("/"), [one["anchor"] for one in suite.levels(headers)]
    # `https:`, empty, host, slug, and then pairs.
    assert anchors == ["/".join(segments[:end]) for end in range(len(segments), 4, -2)]


def _default_exists(suite: Suite, headers: JsonObject) -> None:
    assert DEFAULT in suite.links(headers)


def _default_is_single(suite: Suite, headers: JsonObject) -> None:
    (default,) = suite.links(headers)[DEFAULT]
    assert default.keys() == {"href", "title"}


def _default_target(suite: Suite, headers: JsonObject) -> None:
    assert suite.get(suite.link, headers).header("Location") == suite.links(headers)[DEFAULT][0]["href"]


def _each_single_link(suite: Suite, headers: JsonObject) -> None:
    singles = {name: links[0] for name, links in suite.links(headers).items() if len(links) == 1}
    assert singles
    for name, link in singles.items():
        asked = name.replace(GS1, "gs1:")
        assert suite.get(f"{suite.link}?linkType={asked}", headers).header("Location") == link["href"], name


def _several_links(suite: Suite, headers: JsonObject) -> None:
    """Each by its attributes; those that have the same are 300."""
    for name, links in suite.links(headers).items():
        attributes = [(one.get("type"), tuple(one.get("hreflang", ())), tuple(one.get("context", ()))) for one in links]
        for link, mine in zip(links, attributes, strict=True) if len(links) > 1 else ():
            type, languages, contexts = mine
            query = f"linkType={quote(name, safe='')}" + (f"&context={contexts[0]}" if contexts else "")
            accept = {"Accept": type or "*/*", "Accept-Language": languages[0] if languages else "*"}
            answer = suite.get(f"{suite.link}?{query}", headers | accept)
            if attributes.count(mine) > 1:
                assert answer.status == 300, name
            else:
                assert answer.header("Location") == link["href"], name


def _several_defaults(suite: Suite, headers: JsonObject) -> None:
    assert len(suite.links(headers).get(f"{GS1}defaultLinkMulti", [{}, {}])) > 1


def _types_are_defined(suite: Suite, headers: JsonObject) -> None:
    given = {name.removeprefix(GS1) for name in suite.links(headers) if name.startswith(GS1)}
    assert given <= LINK_TYPES


_WHOLE: dict[str, Callable[[Suite, JsonObject], None]] = {
    "anchorMatch": _anchors, "defaultLinkExists": _default_exists, "singleDefaulLink": _default_is_single,
    "defaultTarget": _default_target, "loFor<lt> (one link)": _each_single_link,
    "loFor<lt><n> (several)": _several_links, "loFor<lt><n> (identical attributes)": _several_links,
    "singleMultiLink": _several_defaults, "linkTypesDefined": _types_are_defined,
}  # fmt: skip
"""Cases that are more than one request, or concern the linkset."""
