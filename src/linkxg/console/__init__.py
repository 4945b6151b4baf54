"""The web application: a second edge over the same verbs as the API, for people with a browser."""
