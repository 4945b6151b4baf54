"""The reference page needs no script and no other host."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from architecture.program import ask, document
from linkxg.api_docs.reference_page import render


class Reader(HTMLParser):
    """Collects what a browser would load, run, and be able to jump to."""

    VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.attributes |= found.keys()
        if tag not in self.VOID:
            self.open.append(tag)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a":
            self.links.append(str(found["href"]))
        elif "href" in found or "src" in found:
            self.loaded.append(str(found.get("href") or found.get("src")))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def test_the_page_loads_one_own_stylesheet_and_no_script() -> None:
    page = read(ask("/api/v1/reference").text)
    assert page.loaded == ["/api/v1/reference.css"]
    assert not {"script", "style", "iframe", "object", "form", "base"} & set(page.tags)
    assert not {name for name in page.attributes if name.startswith("on") or name == "style"}


def test_the_content_security_policy_allows_only_the_stylesheet() -> None:
    answer = ask("/api/v1/reference")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert {"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy


def test_the_stylesheet_loads_nothing_else() -> None:
    answer = ask("/api/v1/reference.css")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert not re.search(r"@import|url\(", answer.text)
    assert "prefers-color-scheme: dark" in answer.text


def test_every_operation_has_an_anchor() -> None:
    page = read(ask("/api/v1/reference").text)
    assert len(page.ids) == len(set(page.ids))
    targets = {link[1:] for link in page.links if link.startswith("#")}
    assert targets <= set(page.ids)
    for item in document()["paths"].values():
        for operation in item.values():
            assert operation["operationId"] in targets


def test_the_page_shows_paths_scopes_and_errors() -> None:
    text = " ".join(read(ask("/api/v1/reference").text).text)
    for path in document()["paths"]:
        assert path in text
    for error in document()["x-errors"]:
        assert error["error"] in text
    assert "curl -X POST https://api.example.test/api/v1/oauth/token" in text


def test_texts_of_the_document_are_escaped() -> None:
    described = {**document(), "info": {"title": "<b>&", "version": "'\"", "description": "<i> `<u>`"}}
    html = render(described, "/d", "/s")
    assert "<b>" not in html
    assert "&lt;i&gt; <code>&lt;u&gt;</code>" in html
