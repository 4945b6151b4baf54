"""Renders the OpenAPI document as a page, without scripts and without resources of other hosts."""

import json
import re
import shlex
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class MemberRow:
    """A parameter, or a member of a body; `place` is where a parameter goes."""

    name: str
    kind: str
    required: bool
    description: str
    place: str = ""


@dataclass(frozen=True)
class ResponseSection:
    """A response; `name` is that of its schema, `codes` are error codes."""

    status: str
    phrase: str
    name: str
    codes: list[str]
    sample: str


@dataclass(frozen=True)
class OperationSection:
    anchor: str
    method: str
    path: str
    summary: str
    paragraphs: list[str]
    permit: str
    parameters: list[MemberRow]
    media_types: list[str]
    body: str
    members: list[MemberRow]
    answers: list[ResponseSection]
    curl: str

    @property
    def sample(self) -> str:
        """The body of the first success, as JSON."""
        return next((answer.sample for answer in self.answers if answer.sample), "")


def render(document: dict[str, Any], document_path: str, style_path: str) -> str:
    """The page as HTML."""
    groups = []
    for tag in document["tags"]:
        found = [
            _operation(document, path, method, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if tag["name"] in operation["tags"]
        ]
        groups.append({"name": tag["name"], "anchor": _anchor(tag["name"]), "text": tag["description"], "all": found})
    info = document["info"]
    html: str = (
        _templates()
        .get_template("reference.html")
        .render(
            title=info["title"],
            version=info["version"],
            paragraphs=info["description"].split("\n\n"),
            groups=groups,
            scopes=document["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]["scopes"],
            errors=sorted(document["x-errors"], key=lambda error: error["status"]),
            server=document["servers"][0]["url"],
            document_path=document_path,
            style_path=style_path,
        )
    )
    return html


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = _words
    return environment


def _words(text: str) -> Markup:
    """Text with `code` between backticks; everything else is escaped."""
    parts = _CODE.split(text)
    html = [Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(parts)]
    return Markup("").join(html)


def _anchor(text: str) -> str:
    return re.sub(r"\W+", "-", text).lower()


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> OperationSection:
    paragraphs = operation["description"].split("\n\n")
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    media_type = next(iter(content), "")
    body: dict[str, Any] = content.get(media_type, {})
    return OperationSection(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        paragraphs=paragraphs[:-1],
        permit=paragraphs[-1],
        parameters=[
            MemberRow(
                parameter["name"],
                _kind(parameter["schema"]),
                bool(parameter.get("required")),
                parameter.get("description", ""),
                parameter["in"],
            )
            for parameter in operation.get("parameters", [])
        ],
        media_types=list(content),
        body=_resolved(document, body.get("schema", {})).get("description", ""),
        members=_members(_resolved(document, body.get("schema", {}))),
        answers=[_answer(status, response) for status, response in operation["responses"].items()],
        curl=_curl(document["servers"][0]["url"], path, method, operation, media_type, body.get("example")),
    )


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][_name(schema)] if "$ref" in schema else schema
    return found


def _members(schema: dict[str, Any]) -> list[MemberRow]:
    required = schema.get("required", [])
    return [
        MemberRow(name, _kind(member), name in required, member.get("description", ""))
        for name, member in schema.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string or null`, `array of string`, `OWNER, ADMIN`."""
    if "$ref" in schema:
        return _name(schema)
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return ", ".join("null" if value is None else str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(option) for option in schema["anyOf"])
    kind = schema.get("type", "any")
    text = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if text.startswith("array") and "items" in schema:
        text = text.replace("array", f"array of {_kind(schema['items'])}", 1)
    if "minimum" in schema:
        text += f" from {schema['minimum']}"
    if "maximum" in schema:
        text += f" to {schema['maximum']}"
    if "maxLength" in schema:
        text += f", at most {schema['maxLength']} characters"
    if schema.get("default") not in (None, []):
        text += f", default {json.dumps(schema['default'])}"
    return text


def _name(schema: dict[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _answer(status: str, response: dict[str, Any]) -> ResponseSection:
    content = response.get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    data = schema.get("properties", {}).get("data", schema)
    example = content.get("example")
    sample = "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
    name = _kind(data) if data else ""
    return ResponseSection(status, HTTPStatus(int(status)).phrase, name, list(content.get("examples", {})), sample)


def _curl(server: str, path: str, method: str, operation: dict[str, Any], media_type: str, example: Any) -> str:
    lines = ["curl" if method == "get" else f"curl -X {method.upper()}"]
    lines[0] += f" {shlex.quote(server + path).strip(chr(39))}"
    secured = [name for option in operation["security"] for name in option]
    if "basic" in secured:
        lines.append('-u "$CLIENT_ID:$CLIENT_SECRET"')
    elif secured:
        lines.append('-H "Authorization: Bearer $ACCESS_TOKEN"')
    if media_type == _FORM:
        fields = {name: value for name, value in (example or {}).items() if not name.startswith("client_")}
        lines += [f"-d {shlex.quote(f'{name}={value}')}" for name, value in fields.items() if name != "token_type_hint"]
    elif media_type:
        lines.append(f"-H {shlex.quote(f'Content-Type: {media_type}')}")
        lines.append(f"-d {shlex.quote(json.dumps(example, indent=2, ensure_ascii=False))}")
    return " \\\n  ".join(lines)
