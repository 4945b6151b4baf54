"""The provider of Authlib's documentation: Flask, SQLAlchemy, one row per opaque token.

/token issues opaque tokens, /token/HS256 and /token/ES256 the library's RFC 9068 JWTs, which leave no row.
"""

import os
import time
from pathlib import Path

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.integrations.sqla_oauth2 import (
    create_bearer_token_validator,
    create_query_client_func,
    create_query_token_func,
    create_save_token_func,
)
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask, jsonify
from joserfc.jwk import ECKey, OctKey
from models import Client, Person, Product, Token, db
from sqlalchemy import event

DATA_DIR = Path(os.environ["DATA_DIR"])
METHODS = ["client_secret_basic", "client_secret_post"]
LIVES = {"client_credentials": 900, "password": 900, "refresh_token": 900}

app = Flask(__name__)
app.config.update(
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{DATA_DIR / 'authlib.db'}",
    OAUTH2_REFRESH_TOKEN_GENERATOR=True,
    OAUTH2_TOKEN_EXPIRES_IN=LIVES,
)
db.init_app(app)
with app.app_context():

    @event.listens_for(db.engine, "connect")
    def durable(connection, record):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA busy_timeout=20000")

    db.create_all()


class ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class Password(grants.ResourceOwnerPasswordCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def authenticate_user(self, username, password):
        person = Person.query.filter_by(email=username).first()
        return person if person is not None and person.check_password(password) else None


class Refresh(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        token = Token.query.filter_by(refresh_token=refresh_token).first()
        return token if token is not None and token.is_refresh_token_active() else None

    def authenticate_user(self, refresh_token):
        return refresh_token.user

    def revoke_old_credential(self, refresh_token):
        refresh_token.access_token_revoked_at = refresh_token.refresh_token_revoked_at = int(time.time())
        db.session.commit()


class Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token, token_type_hint):
        return create_query_token_func(db.session, Token)(token, token_type_hint)

    def check_permission(self, token, client, request):
        return True

    def introspect_token(self, token):
        return {
            "active": not token.is_revoked() and not token.is_expired(),
            "client_id": token.client_id,
            "token_type": token.token_type,
            "scope": token.get_scope(),
            "iat": token.issued_at,
            "exp": token.issued_at + token.expires_in,
        }


class Signed(JWTBearerTokenGenerator):
    def __init__(self, alg, key):
        super().__init__("http://bench", alg=alg, expires_generator=lambda client, grant_type: LIVES[grant_type])
        self.key = key

    def get_jwks(self):
        return self.key


def server(signed=None):
    save = create_save_token_func(db.session, Token) if signed is None else lambda token, request: None
    made = AuthorizationServer(app, create_query_client_func(db.session, Client), save)
    if signed is not None:
        made.register_token_generator("default", signed)
    made.register_grant(ClientCredentials)
    return made


opaque = server()
opaque.register_grant(Password)
opaque.register_grant(Refresh)
opaque.register_endpoint(Introspection)
# The key need not outlive the process: nobody checks these signatures here.
hs256 = server(Signed("HS256", OctKey.generate_key(256)))
es256 = server(Signed("ES256", ECKey.generate_key("P-256")))
protector = ResourceProtector()
protector.register_token_validator(create_bearer_token_validator(db.session, Token)())

app.add_url_rule("/token", "opaque", opaque.create_token_response, methods=["POST"])
app.add_url_rule("/token/HS256", "hs256", hs256.create_token_response, methods=["POST"])
app.add_url_rule("/token/ES256", "es256", es256.create_token_response, methods=["POST"])
app.add_url_rule(
    "/introspect", "introspect", lambda: opaque.create_endpoint_response("introspection"), methods=["POST"]
)


@app.get("/products/<int:product_id>")
@protector("products:read")
def product(product_id):
    found = db.session.get(Product, product_id)
    return jsonify(id=found.id, sku=found.sku, name=found.name, attributes=found.attributes)
