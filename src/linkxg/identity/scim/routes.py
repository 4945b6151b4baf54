"""`/scim/v2`: the people of an account, for its identity provider (RFC 7644)."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post, put, route
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, QueryParameter

from linkxg.db import Database
from linkxg.errors import NotFound, UnsupportedMediaType
from linkxg.http.body_style import BodyStyle
from linkxg.http.etags import Conditions
from linkxg.http.json_body import JSON_LIMIT, parse_json, refuse_coding, require_json
from linkxg.http.permissions import scim_token
from linkxg.http.request_context import context_of
from linkxg.identity.accounts.security_notices import SecurityNotices
from linkxg.identity.scim.attributes import etag_of, fields_of, folded, read_user, resource_of
from linkxg.identity.scim.discovery import resource_type, service_provider_config, user_schema
from linkxg.identity.scim.guard import CREATIONS, ScimGuard, ScimRequest, scim_request_of
from linkxg.identity.scim.leavers import is_leaver, is_leaver_by
from linkxg.identity.scim.manage_tokens import BASE_PATH
from linkxg.identity.scim.model import CORE_SCHEMA, LIST_SCHEMA, SEARCH_SCHEMA, ScimUser, UserFields
from linkxg.identity.scim.notices import mail_person_provisioned, mail_person_reprovisioned
from linkxg.identity.scim.patch import apply_operations, list_operations, read_operations
from linkxg.identity.scim.projection import attribute_names, project
from linkxg.identity.scim.read_users import list_users, read_scim_user
from linkxg.identity.scim.scim_errors import InvalidValue, NotSupported, ScimError
from linkxg.identity.scim.write_users import ProvisionedUser, change_scim_user, create_scim_user, delete_scim_user

AnyRequest = Request[Any, Any, Any]
MEDIA_TYPE = "application/scim+json"
TYPES = (b"application/scim+json", b"application/json")
_ID = "{user_id:str}"
Start = Annotated[int | None, QueryParameter(name="startIndex")]
Count = Annotated[int | None, QueryParameter(name="count")]
Excluded = Annotated[str | None, QueryParameter(name="excludedAttributes")]


@dataclass(frozen=True, slots=True)
class ScimServices:
    database: Database
    public_url: str
    notices: SecurityNotices

    @property
    def base_url(self) -> str:
        return self.public_url + BASE_PATH


@get("/ServiceProviderConfig", **scim_token())
async def config(services: NamedDependency[ScimServices]) -> Response[bytes]:
    """What the service supports (RFC 7643 §5)."""
    return _message(service_provider_config(services.base_url, services.public_url + "/api/v1/reference"))


@get("/ResourceTypes", **scim_token())
async def resource_types(services: NamedDependency[ScimServices]) -> Response[bytes]:
    """The one type of resource (RFC 7643 §6)."""
    return _list([resource_type(services.base_url)])


@get("/ResourceTypes/{name:str}", **scim_token())
async def one_resource_type(services: NamedDependency[ScimServices], name: FromPath[str]) -> Response[bytes]:
    """The type User."""
    if name != "User":
        raise NotFound
    return _message(resource_type(services.base_url))


@get("/Schemas", **scim_token())
async def schemas(services: NamedDependency[ScimServices]) -> Response[bytes]:
    """The attributes that are kept (RFC 7643 §7)."""
    return _list([user_schema(services.base_url)])


@get("/Schemas/{name:str}", **scim_token())
async def one_schema(services: NamedDependency[ScimServices], name: FromPath[str]) -> Response[bytes]:
    """The schema of a User."""
    if name != CORE_SCHEMA:
        raise NotFound
    return _message(user_schema(services.base_url))


@get("/Users", **scim_token())
async def listing(
    request: AnyRequest,
    services: NamedDependency[ScimServices],
    filter: FromQuery[str | None] = None,
    start: Start = None,
    count: Count = None,
    attributes: FromQuery[str | None] = None,
    excluded: Excluded = None,
) -> Response[bytes]:
    """The people of the account, in the order of their ids (RFC 7644 §3.4.2)."""
    query = {
        "filter": filter,
        "startindex": start,
        "count": count,
        "attributes": attributes,
        "excludedattributes": excluded,
    }
    return await _search(services, scim_request_of(request.scope).account_id, query)


@post(["/Users/.search", "/.search"], status_code=200, **scim_token())
async def search(request: AnyRequest, services: NamedDependency[ScimServices]) -> Response[bytes]:
    """The same by POST, so that no filter is in an address (RFC 7644 §3.4.3)."""
    query = await _read_message(request)
    if SEARCH_SCHEMA not in _schemas_of(query):
        raise ScimError(f"The member schemas must contain {SEARCH_SCHEMA}.")
    for name, kind in (("filter", str), ("startindex", int), ("count", int)):
        if query.get(name) is not None and type(query[name]) is not kind:
            raise InvalidValue
    return await _search(services, scim_request_of(request.scope).account_id, query)


@get(f"/Users/{_ID}", **scim_token())
async def read(
    request: AnyRequest,
    services: NamedDependency[ScimServices],
    user_id: FromPath[str],
    attributes: FromQuery[str | None] = None,
    excluded: Excluded = None,
) -> Response[bytes]:
    """One person (RFC 7644 §3.4.1)."""
    user = await read_scim_user(services.database, scim_request_of(request.scope).account_id, user_id)
    if Conditions.of(context_of(request.scope)).is_fresh(etag_of(user)):
        return Response(b"", status_code=304, headers={"ETag": etag_of(user)})
    shown = project(resource_of(user, services.base_url), attribute_names(attributes), attribute_names(excluded))
    return _message(shown, headers={"ETag": etag_of(user)})


@post("/Users", **scim_token(CREATIONS))
async def create(request: AnyRequest, services: NamedDependency[ScimServices]) -> Response[bytes]:
    """Create a person, who has no password (RFC 7644 §3.3)."""
    caller = scim_request_of(request.scope)
    body = await _read_message(request)
    _check_resource(body)
    fields = read_user(body)
    user = await create_scim_user(services.database, caller.actor, caller.account_id, fields)
    mail_person_provisioned(services.notices, caller.actor, caller.account_id, user)
    headers = {"Location": f"{services.base_url}/Users/{user.id}"}
    return _user(services, user, status=201, headers=headers)


@put(f"/Users/{_ID}", **scim_token())
async def replace(
    request: AnyRequest, services: NamedDependency[ScimServices], user_id: FromPath[str]
) -> Response[bytes]:
    """Replace the attributes; `active` and `roles` stay if they are left out (RFC 7644 §3.5.1)."""
    caller = scim_request_of(request.scope)
    body = await _read_message(request)
    _check_resource(body)
    conditions = Conditions.of(context_of(request.scope))
    changed = await change_scim_user(
        services.database, caller.actor, caller.account_id, user_id, lambda _: read_user(body), conditions,
        is_leaver=is_leaver(body),
    )  # fmt: skip
    return _changed(services, caller, changed)


@patch(f"/Users/{_ID}", **scim_token())
async def modify(
    request: AnyRequest, services: NamedDependency[ScimServices], user_id: FromPath[str]
) -> Response[bytes]:
    """Change attributes (RFC 7644 §3.5.2)."""
    caller = scim_request_of(request.scope)
    listed = list_operations(await _read_message(request))
    conditions = Conditions.of(context_of(request.scope))
    changed = await change_scim_user(
        services.database, caller.actor, caller.account_id, user_id, partial(_patched, listed), conditions,
        is_leaver=is_leaver_by(listed),
    )  # fmt: skip
    return _changed(services, caller, changed)


@delete(f"/Users/{_ID}", **scim_token())
async def remove(request: AnyRequest, services: NamedDependency[ScimServices], user_id: FromPath[str]) -> None:
    """Remove a person; what they created is kept (RFC 7644 §3.6)."""
    caller = scim_request_of(request.scope)
    conditions = Conditions.of(context_of(request.scope))
    await delete_scim_user(services.database, caller.actor, caller.account_id, user_id, conditions)


@route(["/Me", "/Bulk"], http_method=["GET", "POST", "PUT", "PATCH", "DELETE"], **scim_token())
async def unsupported() -> None:
    """501: a token belongs to no person, and bulk operations are not offered (RFC 7644 §3.11, §3.7)."""
    raise NotSupported


def router(services: ScimServices, guard: ScimGuard) -> Router:
    # A function, not a bound method: Litestar deep-copies what it is given, with all that it refers to.
    async def check(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        await guard(connection, handler)

    return Router(
        BASE_PATH,
        route_handlers=[
            config, resource_types, one_resource_type, schemas, one_schema, listing, search, read, create, replace,
            modify, remove, unsupported,
        ],
        guards=[check],
        dependencies={"services": Provide(lambda: services, sync_to_thread=False)},
        opt={"style": BodyStyle.SCIM},
        include_in_schema=False,
    )  # fmt: skip


async def _read_message(request: AnyRequest) -> dict[str, Any]:
    """The members of the body by their names in lower case."""
    context = context_of(request.scope)
    try:
        require_json(context.header(b"content-type"), oauth_style=False, types=TYPES)
    except UnsupportedMediaType:
        raise UnsupportedMediaType(f"Send the body as {MEDIA_TYPE}.") from None
    refuse_coding(context.header(b"content-encoding"), oauth_style=False)
    body = parse_json(await context.body(JSON_LIMIT))
    if not isinstance(body, dict):
        raise ScimError
    return folded(body)


def _schemas_of(body: dict[str, Any]) -> list[Any]:
    listed = body.get("schemas")
    return listed if isinstance(listed, list) else []


def _check_resource(body: dict[str, Any]) -> None:
    if CORE_SCHEMA not in _schemas_of(body):
        raise ScimError(f"The member schemas must contain {CORE_SCHEMA}.")


def _patched(listed: list[Any], user: ScimUser) -> UserFields:
    fields = fields_of(user)
    apply_operations(fields, read_operations(listed))
    return fields


async def _search(services: ScimServices, account_id: str, query: dict[str, Any]) -> Response[bytes]:
    page = await list_users(
        services.database,
        account_id,
        filter_text=query.get("filter"),
        start=query.get("startindex"),
        count=query.get("count"),
    )
    wanted, excluded = attribute_names(query.get("attributes")), attribute_names(query.get("excludedattributes"))
    shown = [project(resource_of(user, services.base_url), wanted, excluded) for user in page.users]
    return _list(shown, total=page.total, start=page.start)


def _list(resources: list[dict[str, Any]], *, total: int | None = None, start: int = 1) -> Response[bytes]:
    return _message(
        {
            "schemas": [LIST_SCHEMA],
            "totalResults": len(resources) if total is None else total,
            "startIndex": start,
            "itemsPerPage": len(resources),
            "Resources": resources,
        }
    )


def _changed(services: ScimServices, caller: ScimRequest, changed: ProvisionedUser) -> Response[bytes]:
    mail_person_reprovisioned(services.notices, caller.actor, caller.account_id, changed)
    if changed.refused is not None:
        raise changed.refused
    return _user(services, changed.user)


def _user(
    services: ScimServices, user: ScimUser, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response[bytes]:
    fields = {"ETag": etag_of(user), **(headers or {})}
    return _message(resource_of(user, services.base_url), status=status, headers=fields)


def _message(body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(msgspec.json.encode(body), status_code=status, media_type=MEDIA_TYPE, headers=headers)
