"""The media types of passports and of what their issuers publish, and the `typ` of a signed credential."""

JSON, LD_JSON = "application/json", "application/ld+json"
CREDENTIAL, CREDENTIAL_BEFORE = "application/vc", "application/vc+ld+json"
"""The second is the name of the first before VCDM 2.0."""
JWT_TYP = "vc+jwt"
JWT = f"application/{JWT_TYP}"
DID = "application/did+json"
HTML = "text/html"
TYPES = (JSON, HTML, LD_JSON, CREDENTIAL, CREDENTIAL_BEFORE, JWT)
"""The representations of a passport."""
