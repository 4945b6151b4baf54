"""What the service supports: ServiceProviderConfig, ResourceTypes and Schemas (RFC 7643 §5 to §7)."""

from typing import Any

from linkxg.identity.scim.model import CORE_SCHEMA
from linkxg.identity.scim.read_users import MAX_COUNT

_CONFIG_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_SCHEMA_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
_NO = {"supported": False}


def service_provider_config(base_url: str, documentation: str) -> dict[str, Any]:
    return {
        "schemas": [_CONFIG_SCHEMA],
        "documentationUri": documentation,
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MAX_COUNT},
        "changePassword": _NO,
        "sort": _NO,
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A SCIM token of the account, which an Owner creates.",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base_url}/ServiceProviderConfig"},
    }


def resource_type(base_url: str) -> dict[str, Any]:
    return {
        "schemas": [_TYPE_SCHEMA],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "A person of the account.",
        "schema": CORE_SCHEMA,
        "meta": {"resourceType": "ResourceType", "location": f"{base_url}/ResourceTypes/User"},
    }


def user_schema(base_url: str) -> dict[str, Any]:
    return {
        "schemas": [_SCHEMA_SCHEMA],
        "id": CORE_SCHEMA,
        "name": "User",
        "description": "A person of the account.",
        "attributes": [
            _attribute(
                "userName",
                "The e-mail address by which the person signs in, in a verified domain.",
                required=True,
                uniqueness="global",
            ),
            _complex(
                "name",
                "The components of the name.",
                [
                    _attribute("formatted", "The full name."),
                    _attribute("familyName", "The family name."),
                    _attribute("givenName", "The given name."),
                ],
            ),
            _attribute("displayName", "The name to show."),
            _attribute("preferredLanguage", "The person's language, a tag of BCP 47; another value is ignored."),
            _attribute("timezone", "The person's time zone, of the IANA database; another value is ignored."),
            _complex(
                "emails",
                "Kept for the identity provider; mail goes to the userName.",
                [
                    _attribute("value", "The e-mail address."),
                    _attribute("type", "A label.", canonical=["work", "home", "other"]),
                    _attribute("primary", "Whether it is the preferred one.", kind="boolean"),
                ],
                many=True,
            ),
            _attribute("active", "Whether the person may sign in.", kind="boolean"),
            _complex(
                "roles",
                "The role in the account; MEMBER by default. OWNER is read-only.",
                [
                    _attribute("value", "ADMIN, MEMBER or VIEWER.", canonical=["ADMIN", "MEMBER", "VIEWER"]),
                    _attribute("primary", "Always true.", kind="boolean", mutability="readOnly"),
                ],
                many=True,
            ),
        ],
        "meta": {"resourceType": "Schema", "location": f"{base_url}/Schemas/{CORE_SCHEMA}"},
    }


def _attribute(
    name: str,
    description: str,
    *,
    kind: str = "string",
    required: bool = False,
    uniqueness: str = "none",
    mutability: str = "readWrite",
    canonical: list[str] | None = None,
) -> dict[str, Any]:
    """The characteristics of RFC 7643 §7."""
    described: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": description,
        "required": required,
        "caseExact": False,
        "mutability": mutability,
        "returned": "default",
        "uniqueness": uniqueness,
    }
    return described if canonical is None else {**described, "canonicalValues": canonical}


def _complex(name: str, description: str, parts: list[dict[str, Any]], *, many: bool = False) -> dict[str, Any]:
    return {**_attribute(name, description, kind="complex"), "multiValued": many, "subAttributes": parts}
