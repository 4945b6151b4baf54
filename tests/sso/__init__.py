"""Single sign-on by the OpenID provider of an account."""
