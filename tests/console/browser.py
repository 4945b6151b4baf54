"""How does a test walk through the console without a browser?"""

from __future__ import annotations

import re
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


class _Forms(HTMLParser):
    """Collects each form of a page: its action and the fields that would be sent untouched."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str], Fields]] = []
        self._open = False
        self._text: list[str] | None = None
        self._select: list[str] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.found.append((given, []))
            self._open = True
        elif self._open and tag == "input" and given.get("name"):
            if given.get("type") in ("checkbox", "radio") and "checked" not in given:
                return
            self.found[-1][1].append((given["name"], given.get("value", "")))
        elif self._open and tag == "textarea":
            self._text = [given["name"]]
        elif self._open and tag == "select":
            self._select = [given["name"]]
        elif tag == "option" and self._select is not None and (len(self._select) == 1 or "selected" in given):
            # The first one, unless another is selected.
            self._select[1:] = [given.get("value", "")]

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            name, *text = self._text
            self.found[-1][1].append((name, "".join(text).removeprefix("\n")))
            self._text = None
        if tag == "select" and self._select is not None:
            self.found[-1][1].extend((self._select[0], value) for value in self._select[1:])
            self._select = None
        if tag == "form":
            self._open = False


class Visitor:
    """Keeps cookies and sends what a browser would send."""

    def __init__(self, url: str, vault: Vault) -> None:
        self.url = url
        self.vault = vault
        self.http = httpx.Client(base_url=url, timeout=30.0, trust_env=False, follow_redirects=False)
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
        return self.post(action or path, fields)

    def fields(self, page: httpx.Response, action: str | None = None) -> Fields:
        parser = _Forms()
        parser.feed(page.text)
        here = page.request.url.path
        for given, fields in parser.found:
            if given.get("method") == "post" and given.get("action", here) == (action or here):
                return list(fields)
        raise AssertionError(f"no form for {action} on {page.request.url.path}: {[f[0] for f in parser.found]}")

    def sign_in(self, person: Person, **values: str) -> httpx.Response:
        return self.fill(self.get("/sign-in"), "/sign-in", email=person.email, password=person.password, **values)

    def csrf(self, path: str = "/account/sessions") -> str:
        """The form token of this session."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', self.get(path).text)
        assert found is not None
        return found.group(1)


def secret_in(page: httpx.Response, vault: Vault) -> str:
    """The secret that a page shows."""
    found = re.search(r'<code id="secret"[^>]*>(lxgsec_[0-9A-Za-z]+)</code>', page.text)
    assert found is not None, page.text[:2000]
    return vault.remember("client secret", found.group(1))


def text_of(page: httpx.Response) -> str:
    """The page without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())
