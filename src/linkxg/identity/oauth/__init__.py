"""The OAuth endpoints, one file each: token, introspection, revocation and metadata."""
