"""The tables of Authlib's documentation, and one product."""

import time

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from authlib.integrations.sqla_oauth2 import OAuth2ClientMixin, OAuth2TokenMixin
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
# The library leaves passwords to the application; these are the parameters of the service measured beside it.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String(200), unique=True)
    password = db.Column(db.String(200))

    def get_user_id(self):
        return self.id

    def check_password(self, password):
        try:
            return hasher.verify(self.password, password)
        except VerifyMismatchError:
            return False


class Client(db.Model, OAuth2ClientMixin):
    id = db.Column(db.Integer, primary_key=True)


class Token(db.Model, OAuth2TokenMixin):
    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.Integer, db.ForeignKey("person.id"))
    user = db.relationship("Person")

    def is_refresh_token_active(self):
        return not self.is_revoked() and self.issued_at + 7 * 24 * 3600 > time.time()


class Product(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    sku = db.Column(db.String(64))
    name = db.Column(db.String(200))
    attributes = db.Column(db.JSON)
