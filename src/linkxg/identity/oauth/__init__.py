"""The RFC endpoints, one file each: token, introspection, revocation, metadata, keys."""
