"""Headers of the pages of one-time links, whose path holds a token."""

LINK_FORM = {"Referrer-Policy": "strict-origin"}
"""Never sends the path; `no-referrer` would also hide the Origin of the form."""
LINK_ANSWER = {"Referrer-Policy": "no-referrer"}
"""Of pages without a form."""
