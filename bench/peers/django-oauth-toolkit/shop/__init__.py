"""One table of the service that the tokens guard."""
