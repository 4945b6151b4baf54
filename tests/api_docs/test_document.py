"""The OpenAPI document is valid, complete and true to the program."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from architecture.program import Route, ask, document, routes
from linkxg.error_catalogue import CATALOGUE
from linkxg.http.permissions import SCOPE_IF_ANY, scopes_of
from linkxg.identity.accounts.roles import EVERYONE
from linkxg.identity.tokens.scopes import SCOPES

# The rest are pages of the console.
API = ("/api/v1/", "/.well-known/", "/healthz", "/readyz", "/metrics")
UNDESCRIBED = {"/metrics", "/api/v1/openapi.json", "/api/v1/reference", "/api/v1/reference.css"}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, item in document()["paths"].items()
        for method, operation in item.items()
    ]


def by_id(operation_id: str) -> dict[str, Any]:
    return next(operation for _, _, operation in operations() if operation["operationId"] == operation_id)


def test_the_document_is_valid_openapi() -> None:
    assert document()["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document()).validate()


def test_the_document_describes_every_route_and_no_other() -> None:
    described = {(method, path) for method, path, _ in operations()}
    assert described == {
        (route.method, route.path) for route in routes() if route.path.startswith(API) and route.path not in UNDESCRIBED
    }


def test_operation_ids_are_unique_and_every_operation_is_described() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))
    for _, _, operation in operations():
        assert operation["summary"]
        assert operation["tags"]
        assert len(operation["summary"]) <= 80, operation["summary"]
    assert all(tag["description"] for tag in document()["tags"]), "a tag of a route is not told of in the document"


def _permits() -> Iterator[tuple[Route, dict[str, Any]]]:
    for route in routes():
        if route.handler is not None and route.path.startswith(API) and route.path not in UNDESCRIBED:
            yield route, document()["paths"][route.path][route.method.lower()]


def test_every_operation_declares_its_security() -> None:
    for route, operation in _permits():
        assert route.handler is not None
        opt, requirement = route.handler.opt, operation["description"].rpartition("\n")[2]
        if needed := scopes_of(opt):
            listed = " and ".join(f"`{name}`" for name in needed)
            assert requirement in (f"Needs the scope {listed}.", f"Needs the scopes {listed}.")
            assert operation["security"] == [{"oauth": list(needed)}, {"bearer": []}]
        elif opt.get("roles"):
            names = [role.capitalize() for role in EVERYONE if role in opt["roles"]]
            everyone = len(names) == len(EVERYONE)
            assert everyone or all(name in requirement for name in names)
            assert operation["security"] == [{"bearer": []}]
        elif opt.get("any_caller"):
            assert operation["security"] == [{"oauth": []}, {"bearer": []}]
        elif name := opt.get(SCOPE_IF_ANY):
            assert operation["security"] == [{}, {"oauth": [name]}, {"bearer": []}]
            assert "invalid_token" in operation["responses"]["401"]["description"]
        else:
            assert operation["security"] == []
        if not opt.get("public"):
            assert "invalid_token" in operation["responses"]["401"]["description"]
            assert "503" in operation["responses"]


@pytest.mark.parametrize("name", ["requestToken", "introspectToken", "revokeToken"])
def test_endpoints_for_clients_take_a_form_and_either_credentials(name: str) -> None:
    operation = by_id(name)
    assert operation["security"] == [{"basic": []}, {}]
    body = operation["requestBody"]["content"]
    assert list(body) == ["application/x-www-form-urlencoded"]
    members = body["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert {"client_id", "client_secret"} <= members.keys()
    assert operation["responses"].keys() == {"200", "400", "401", "413", "415", "429", "503"}


def test_the_refresh_endpoint_takes_json() -> None:
    operation = by_id("refresh")
    assert list(operation["requestBody"]["content"]) == ["application/json"]
    assert operation["responses"].keys() == {"200", "400", "401", "413", "429", "503"}
    assert [parameter["name"] for parameter in operation["parameters"]] == ["Idempotency-Key"]


def _errors() -> Iterator[tuple[str, int, dict[str, Any]]]:
    for _, _, operation in operations():
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                yield operation["operationId"], int(status), response


def test_errors_have_one_schema_and_their_headers() -> None:
    codes = {error.code: error.status for error in CATALOGUE}
    for name, status, response in _errors():
        [(media_type, content)] = response["content"].items()
        schema = {"application/json": "ErrorResponse", "application/problem+json": "EpcisProblem"}[media_type]
        assert content["schema"] == {"$ref": f"#/components/schemas/{schema}"}, name
        assert all(codes[code] == status for code in content["examples"]), name
        headers = response["headers"].keys()
        assert "X-Request-Id" in headers, name
        assert ("Retry-After" in headers) == (status in {429, 503}), name
        assert ("RateLimit" in headers) == (status == 429), name
        if status == 401:
            assert "WWW-Authenticate" in headers, name


def test_the_error_schema_is_the_catalogue() -> None:
    schema = document()["components"]["schemas"]["ErrorResponse"]
    assert schema["properties"]["error"]["enum"] == sorted(error.code for error in CATALOGUE)
    listed = {(entry["error"], entry["status"]) for entry in document()["x-errors"]}
    assert listed == {(error.code, error.status) for error in CATALOGUE}


def test_the_scopes_are_those_of_the_program() -> None:
    flow = document()["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]
    assert flow["scopes"] == SCOPES


def _examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    for _, _, operation in operations():
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [response.get("content", {}) for response in operation["responses"].values()]
        for content in contents:
            for media in content.values():
                shown = [media["example"]] if "example" in media else []
                shown += [example["value"] for example in media.get("examples", {}).values()]
                yield from ((operation["operationId"], media["schema"], example) for example in shown)


def test_every_example_fits_its_schema() -> None:
    components = {"components": document()["components"]}
    for name, schema, example in _examples():
        validator = jsonschema_rs.Draft202012Validator({**components, **schema}, validate_formats=True)
        errors = [error.message for error in validator.iter_errors(example)]
        assert not errors, f"{name}: {errors} in {example}"


def test_no_example_looks_like_a_real_credential() -> None:
    for name, _, example in _examples():
        assert "lxgsec_8sKp..." in str(example) or "lxgsec_" not in str(example), name


STANDARD = {"EPCISDocument", "EPCISEvent", "UntpPassport", "LeakReports"}
"""Described by GS1, UNTP and GitHub, with names of extensions that nobody lists."""


def test_requests_refuse_unknown_members_where_the_program_does() -> None:
    for _, _, operation in operations():
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
            # A file is described by the page on imports; a schema would be that of all its rows.
            if "json" in media_type and media["schema"].get("type") not in {"array", "string"}:
                name = media["schema"]["$ref"].rpartition("/")[2]
                if name in STANDARD:
                    continue
                assert document()["components"]["schemas"][name]["additionalProperties"] is False, name


def test_responses_list_their_required_members() -> None:
    body = by_id("listUsers")["responses"]["200"]["content"]["application/json"]["schema"]
    assert body["required"] == ["success", "data"]
    assert body["properties"]["success"]["type"] == "boolean"
    assert document()["components"]["schemas"]["AuthorizationServer"]["required"].count("jwks_uri") == 0


def test_a_body_that_may_be_left_out_is_not_required() -> None:
    assert by_id("rotateSecret")["requestBody"]["required"] is False
    assert by_id("registerClient")["requestBody"]["required"] is True


def test_the_document_is_served_with_cache_headers() -> None:
    answer = ask("/api/v1/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert document()["servers"] == [{"url": "https://api.example.test"}]
