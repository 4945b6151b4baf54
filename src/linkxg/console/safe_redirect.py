"""Safe redirects after sign-in: only to a path of this site."""

import re
from urllib.parse import unquote

# No second slash at the start, no backslash (browsers read it as a slash), nothing that splits a header.
_LOCAL = re.compile(r"/(?:[A-Za-z0-9._~-][A-Za-z0-9._~/-]*)?(?:\?[A-Za-z0-9._~%=&+-]*)?")


def local_path(path: str) -> str:
    """`path` if it is a path of this site, else `/`."""
    if len(path) > 500 or not _LOCAL.fullmatch(path) or "//" in path or ".." in path:
        return "/"
    return "/" if any(ord(char) < 32 for char in unquote(path)) else path
