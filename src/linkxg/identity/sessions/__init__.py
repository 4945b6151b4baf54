"""Sessions of people: sign-in, refresh, sign-out and passwords."""
