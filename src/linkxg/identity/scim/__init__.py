"""SCIM 2.0: provisioning of people by an identity provider (RFC 7643, RFC 7644)."""
