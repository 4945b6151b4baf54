"""Examples of bodies, generated from their schemas.

From its schema, with a telling value for each name that has one. Values that stand for secrets are cut short, as
in the guide: nobody can mistake them for real ones.
"""

from typing import Any

_UUID = "01a20900-46b1-7977-8501-b67e3b66cab2"
_TIME = "2026-11-23T14:33:00.123Z"
_SECONDS = 1_795_444_380
_BY_NAME: dict[str, Any] = {
    "id": _UUID,
    "name": "Acme GmbH",
    "email": "anna@example.com",
    "password": "correct horse battery staple",
    "currentPassword": "correct horse battery staple",
    "newPassword": "quiet river under the bridge",
    "accessToken": "eyJhbGciOiJIUzI1NiIs...",
    "access_token": "eyJhbGciOiJIUzI1NiIs...",
    "refreshToken": "lxgref_01a20900...",
    "token": "eyJhbGciOiJIUzI1NiIs...",
    "tokenType": "Bearer",
    "token_type": "Bearer",
    "expiresIn": 900,
    "expires_in": 900,
    "role": "ADMIN",
    "scope": "products:read connections:read",
    "scopes": ["products:read", "connections:read"],
    "client_name": "ERP Integration",
    "client_id": "lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e",
    "client_secret": "lxgsec_8sKp...",
    "client_secret_expires_at": 0,
    "client_id_issued_at": _SECONDS,
    "created_by": _UUID,
    "allowed_cidrs": ["203.0.113.0/24"],
    "self_rotation": True,
    "expires_at": None,
    "created_at": _SECONDS,
    "last_used_at": _SECONDS,
    "last_used_ip": "203.0.113.7",
    "previous_secret_expires_at": None,
    "revoked_tokens": False,
    "grace_period_seconds": 86_400,
    "revoke_tokens": False,
    "next_cursor": None,
    "nextCursor": None,
    "hasMore": False,
    "limit": 50,
    "hint": "…x7Qe",
    "disabled": False,
    "mailed": False,
    "link": "https://api.linkxg.com/invitations/...",
    "at": _TIME,
    "createdAt": _TIME,
    "updatedAt": _TIME,
    "lastUsedAt": _TIME,
    "expiresAt": _TIME,
    "source": "203.0.113.7",
    "userAgent": "Mozilla/5.0",
    "seq": 42,
    "action": "client.created",
    "actorKind": "user",
    "actorId": _UUID,
    "target": "lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e",
    "requestId": "3f9c1b7a42d000000001",
    "secretId": None,
    "hash": "9f86d081884c7d65...",
    "sku": "AC-1042",
    "gtin": "4006381333931",
    "gtinFormat": "GTIN_13",
    "Product.gtin": "04006381333931",
    "digitalLink": "https://id.gs1.org/01/04006381333931",
    "Content": {
        "name": "Pump P2",
        "brand": "Acme",
        "description": "Centrifugal pump, 2 kW",
        "category": {
            "code": "43220",
            "name": "Pumps for liquids",
            "schemeId": "https://unstats.un.org/unsd/classifications/Econ/cpc",
            "schemeName": "UN CPC 3.0",
        },
        "facility": {"name": "Hagen works", "gln": "4012345000009"},
        "countryOfProduction": "DE",
        "dimensions": {"netWeight": {"value": 14.2, "unit": "KGM"}},
        "attributes": {"colour": "red"},
    },
    "Product.status": "PUBLISHED",
    "Product.category": "43220",
    "latestVersion": 1,
    "draftVersion": None,
    "versionStatus": "PUBLISHED",
    "contentHash": "sha-256:5f70bf18a0860070...",
    "Version.status": "PUBLISHED",
    "createdBy": _UUID,
    "publishedAt": _TIME,
    "publishedBy": _UUID,
    "changeNote": "First edition",
    "withdrawnAt": None,
    "withdrawnBy": None,
    "withdrawReason": None,
    "reason": "The mass was told in pounds.",
    "ProductPatch.content": {"brand": "Acme", "attributes": {"colour": "red"}},
    "brand": "Acme",
    "description": "Centrifugal pump, 2 kW",
    "attributes": {"colour": "red"},
    "grant_type": "client_credentials",
    "active": True,
    "iss": "https://api.linkxg.com",
    "aud": "https://api.linkxg.com/api/v1",
    "sub": "lxgcli_7Q2mVxkT0bNw4LrYc9Zs3e",
    "jti": "5e0c1f6d8b7a49d2a1c3e4f506172839",
    "iat": _SECONDS,
    "exp": _SECONDS + 900,
    "account_id": _UUID,
    "status": "ok",
}
# Members that only some bodies have; an example without them is the usual case.
_SELDOM = {"sid", "role", "token_type_hint"}
_BY_TYPE: dict[str, Any] = {"string": "text", "integer": 1, "number": 1.5, "boolean": True, "null": None, "object": {}}


def example(schema: dict[str, Any], components: dict[str, Any], name: str = "") -> Any:
    """A value that the schema accepts; `name` is the member that it belongs to."""
    if "$ref" in schema:
        referred = schema["$ref"].rpartition("/")[2]
        if referred in _BY_NAME:
            return _BY_NAME[referred]
        return example(components[referred], components, name)
    for word in ("const", "default"):
        if word in schema and name not in _BY_NAME:
            return schema[word]
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "properties" in schema:
        required = schema.get("required", ())
        title = schema.get("title")
        return {
            member: example(part, components, f"{title}.{member}" if f"{title}.{member}" in _BY_NAME else member)
            for member, part in schema["properties"].items()
            if member in required or "default" in part or member not in _SELDOM
        }
    if name in _BY_NAME and _fits(_BY_NAME[name], schema, kinds):
        return _BY_NAME[name]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema or "oneOf" in schema:
        return example((schema.get("anyOf") or schema["oneOf"])[0], components, name)
    if kinds[0] == "array":
        return [example(schema.get("items", {}), components, name)]
    if kinds[0] == "object" and isinstance(schema.get("additionalProperties"), dict):
        return {"name": example(schema["additionalProperties"], components)}
    return _BY_TYPE.get(str(kinds[0]))


def _fits(value: Any, schema: dict[str, Any], kinds: list[Any]) -> bool:
    if "enum" in schema:
        return value in schema["enum"]
    names = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object", type(None): "null"}
    return names[type(value)] in kinds
