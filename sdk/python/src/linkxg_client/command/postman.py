"""Makes a Postman collection (format 2.1) of an OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from linkxg_client.connection import Connection
from linkxg_client.errors import UnexpectedAnswer, error_of, json_object
from linkxg_client.retry import RetryPolicy, send_with_retry
from linkxg_client.steps import Flow

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
# The header fields that Postman sets by itself.
_OWN_HEADERS = {"authorization", "content-type", "content-length", "accept"}


def collection_of(document: Mapping[str, Any], url: str) -> dict[str, Any]:
    """A folder for each tag, and a request for each operation, with the example of the document as its body."""
    folders: dict[str, dict[str, Any]] = {
        tag["name"]: {"name": tag["name"], "description": tag.get("description", ""), "item": []}
        for tag in document.get("tags", ())
    }
    for path, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = operations[method]
                name = (operation.get("tags") or ["Other"])[0]
                folder = folders.setdefault(name, {"name": name, "item": []})
                folder["item"].append(_item(path, method, operation))
    info = document["info"]
    return {
        "info": {"name": info["title"], "description": info.get("description", ""), "version": info["version"],
                 "schema": SCHEMA},
        "auth": _oauth(),
        "variable": [_pair("baseUrl", url), _pair("clientId", ""), _pair("clientSecret", "")],
        "item": [folder for folder in folders.values() if folder["item"]],
    }  # fmt: skip


def read_document(connection: Connection) -> Flow[Mapping[str, Any]]:
    """The OpenAPI document of a service."""
    request = connection.request("GET", "/openapi.json")
    response = yield from send_with_retry(request, RetryPolicy(), connection.clock)
    if not response.is_success:
        raise error_of(response, connection.clock)
    document = json_object(response)
    if document is None or "paths" not in document:
        raise UnexpectedAnswer("The answer is no OpenAPI document. Is the address right?")
    return document


def _pair(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": value, "type": "string"}


def _oauth() -> dict[str, Any]:
    """A token of the client in the variables, with every scope that it was granted."""
    settings = {
        "grant_type": "client_credentials",
        "accessTokenUrl": "{{baseUrl}}/api/v1/oauth/token",
        "clientId": "{{clientId}}",
        "clientSecret": "{{clientSecret}}",
        "client_authentication": "header",
        "addTokenTo": "header",
    }
    return {"type": "oauth2", "oauth2": [_pair(key, value) for key, value in settings.items()]}


def _basic() -> dict[str, Any]:
    return {"type": "basic", "basic": [_pair("username", "{{clientId}}"), _pair("password", "{{clientSecret}}")]}


def _item(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [each for each in operation.get("parameters", ()) if "name" in each]
    request: dict[str, Any] = {
        "method": method.upper(),
        "description": operation.get("description", ""),
        "url": _address(path, parameters),
        "header": [
            {**_pair(each["name"], ""), "disabled": True, "description": each.get("description", "")}
            for each in _of(parameters, "header")
            if each["name"].lower() not in _OWN_HEADERS
        ],
    }
    schemes = {name for way in operation.get("security", ()) for name in way}
    if "basic" in schemes:
        request["auth"] = _basic()
    elif not schemes:
        request["auth"] = {"type": "noauth"}
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        kind = next(iter(content))
        request["body"] = _body(kind, content[kind])
        if request["body"]["mode"] != "formdata":
            request["header"].append(_pair("Content-Type", kind))
    return {"name": operation.get("summary") or f"{method.upper()} {path}", "request": request}


def _of(parameters: Iterable[Mapping[str, Any]], place: str) -> list[Mapping[str, Any]]:
    return [each for each in parameters if each.get("in") == place]


def _address(path: str, parameters: list[Mapping[str, Any]]) -> dict[str, Any]:
    written = re.sub(r"\{(\w+)\}", r":\1", path)
    address: dict[str, Any] = {
        "raw": "{{baseUrl}}" + written,
        "host": ["{{baseUrl}}"],
        "path": written.strip("/").split("/"),
    }
    variables = [{**_pair(name, ""), "description": ""} for name in re.findall(r"\{(\w+)\}", path)]
    query = [
        {"key": each["name"], "value": "", "disabled": True, "description": each.get("description", "")}
        for each in _of(parameters, "query")
    ]
    return address | ({"variable": variables} if variables else {}) | ({"query": query} if query else {})


def _body(kind: str, media: Mapping[str, Any]) -> dict[str, Any]:
    example = media.get("example")
    if kind == "application/x-www-form-urlencoded":
        # The credentials are sent as HTTP Basic; never both.
        members = {name: value for name, value in dict(example or {}).items() if not name.startswith("client_")}
        return {"mode": "urlencoded", "urlencoded": [_pair(name, str(value)) for name, value in members.items()]}
    if kind == "multipart/form-data":
        return {"mode": "formdata", "formdata": [{"key": "file", "type": "file", "src": []}]}
    if "json" in kind:
        text = json.dumps(example if example is not None else {}, ensure_ascii=False, indent=2)
        return {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    return {"mode": "raw", "raw": example if isinstance(example, str) else ""}
