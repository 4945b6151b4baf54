"""The OpenID provider of an account and its e-mail domains; the relying party's part of OpenID Connect."""
