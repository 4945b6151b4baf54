"""Second factors of people: authenticator apps, recovery codes, sign-in in two steps, step-up."""
