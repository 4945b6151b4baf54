"""The same clients, people and refresh tokens as everybody else's, from $SEED.

HASH_CLIENT_SECRETS=1 is the toolkit's default. Hashing 10,000 secrets would take an hour, so then every client has the
same secret, the first one's; what a check costs is the same.
"""

import json
import os
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402
from shop.models import Product  # noqa: E402


def main() -> None:
    if Product.objects.exists():
        return
    seed = json.loads(Path(os.environ["SEED"]).read_text())
    hashed = os.environ.get("HASH_CLIENT_SECRETS") == "1"
    shared = make_password(seed["clients"][0][1]) if hashed else None

    def application(name: str, secret: str, grant: str) -> Application:
        return Application(
            client_id=name, client_secret=shared or secret, hash_client_secret=hashed, name="Bench",
            client_type=Application.CLIENT_CONFIDENTIAL, authorization_grant_type=grant,
        )  # fmt: skip

    # bulk_create would hash each secret in pre_save, unless it is a hash already.
    Application.objects.bulk_create(
        application(name, secret, Application.GRANT_CLIENT_CREDENTIALS) for name, secret in seed["clients"]
    )
    app = application(*seed["app"], Application.GRANT_PASSWORD)
    app.save()
    password, now = make_password(seed["password"]), timezone.now()
    for number, token in enumerate(seed["refresh_tokens"]):
        name = f"person{number}@bench.example"
        person = User.objects.create(username=name, email=name, password=password)
        access = AccessToken.objects.create(
            user=person, token=f"seed-{number}", application=app, expires=now + timedelta(minutes=15),
            scope="products:read",
        )  # fmt: skip
        RefreshToken.objects.create(user=person, token=token, application=app, access_token=access)
    Product.objects.create(pk=1, sku="B-1", name="Bench", brand="Bench", attributes={"colour": "red", "weight": 12})


main()
