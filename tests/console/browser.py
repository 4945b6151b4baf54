"""A script-free browser: walks through the console over HTTP."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Mapping
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import httpx

from harness.people import Person
from harness.vault import Vault

FORM_TYPE = "application/x-www-form-urlencoded"
Fields = list[tuple[str, str]]
TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""The console is visited in plain HTTP. Reading the world's certificates for each visitor takes longer than a page."""


class _Forms(HTMLParser):
    """Collects each form of a page: its action and the fields that would be sent untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str], Fields]] = []
        self._open = False
        self._area: str | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.found.append((given, []))
            self._open = True
        elif self._open and tag == "input" and given.get("name"):
            if given.get("type") in ("checkbox", "radio") and "checked" not in given:
                return
            value = given.get("value", "")
            # What the standard calls value sanitization: a field of one line has no line ends.
            value = value if given.get("type") == "hidden" else value.replace("\n", "")
            self.found[-1][1].append((given["name"], value))
        elif self._open and tag == "textarea":
            self._area = ""
            self.found[-1][1].append((given["name"], ""))
        elif self._open and tag == "select":
            self._select = (given["name"], [])
        elif self._select is not None and tag == "option":
            self._select[1].append((given.get("value", ""), "selected" in given))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag == "textarea" and self._area is not None:
            # HTML Living Standard 13.2.6.4.7: one line end after the tag is no part of the text.
            name, _ = self.found[-1][1].pop()
            self.found[-1][1].append((name, self._area.removeprefix("\n")))
            self._area = None
        elif tag == "select" and self._select is not None:
            name, options = self._select
            chosen = [value for value, selected in options if selected] or [value for value, _ in options[:1]]
            self.found[-1][1].extend((name, value) for value in chosen[-1:])
            self._select = None


class Visitor:
    """Keeps cookies and sends what a browser would send."""

    def __init__(self, url: str, vault: Vault) -> None:
        self.url = url
        self.vault = vault
        self.http = httpx.Client(
            base_url=url, timeout=30.0, trust_env=False, follow_redirects=False, verify=TRUSTS_NOBODY
        )
        self.at = "/"

    def close(self) -> None:
        self.http.close()

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        answer = self.http.get(path, headers={"Accept": "text/html", **(headers or {})})
        if answer.status_code == 200:
            self.at = path
        return answer

    def post(
        self, path: str, fields: Iterable[tuple[str, str]], *, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send exactly these fields, as from a page of our own."""
        sent = {"Content-Type": FORM_TYPE, "Sec-Fetch-Site": "same-origin", "Accept": "text/html", **(headers or {})}
        return self.http.post(path, content=urlencode(list(fields)).encode(), headers=sent)

    def fill(self, page: httpx.Response, action: str | None = None, /, **values: Any) -> httpx.Response:
        """Send the form of the page whose action is `action` (or the page itself), with these values."""
        path = page.request.url.path
        fields = self.fields(page, action)
        for name, value in values.items():
            fields = [pair for pair in fields if pair[0] != name]
            fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        # A browser sends every line end as CR LF.
        sent = [(name, value.replace("\n", "\r\n")) for name, value in fields]
        return self.post(action or path, sent)

    def ask(self, page: httpx.Response, action: str, /, **values: str) -> httpx.Response:
        """Send the page's form of method GET for this action, with these values."""
        fields = dict(self.fields(page, action, method="get")) | values
        return self.get(
            f"{action}?{urlencode({name: text.replace(chr(10), chr(13) + chr(10)) for name, text in fields.items()})}"
        )

    def fields(
        self, page: httpx.Response, action: str | None = None, *, holding: str = "", method: str = "post"
    ) -> Fields:
        """Those of the page's form for this action (of several, the first that has the field `holding`)."""
        parser = _Forms()
        # Before it reads a page, a browser makes every line end LF.
        parser.feed(page.text.replace("\r\n", "\n").replace("\r", "\n"))
        here = page.request.url.path
        for given, fields in parser.found:
            if given.get("method") != method or given.get("action", here) != (action or here):
                continue
            if not holding or any(name == holding for name, _ in fields):
                return list(fields)
        raise AssertionError(f"no form for {action} on {page.request.url.path}: {[f[0] for f in parser.found]}")

    def sign_in(self, person: Person, **values: str) -> httpx.Response:
        return self.fill(self.get("/sign-in"), "/sign-in", email=person.email, password=person.password, **values)

    def csrf(self, path: str = "/account/sessions") -> str:
        """The form token of this session."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(path).text)
        assert found is not None
        return found.group(1)


def previewed(visitor: Visitor, answer: httpx.Response) -> httpx.Response:
    """The preview to which a form leads; any other answer as it is."""
    to = answer.headers.get("location", "")
    return visitor.get(to) if to.endswith("then=preview") else answer


def secret_in(page: httpx.Response, vault: Vault) -> str:
    """The secret that a page shows."""
    found = re.search(r'<code id="secret"[^>]*>(lxgsec_[0-9A-Za-z]+)</code>', page.text)
    assert found is not None, page.text[:2000]
    return vault.remember("client secret", found.group(1))


def text_of(page: httpx.Response) -> str:
    """The page without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
