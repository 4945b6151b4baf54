"""The HTTP contract, and the commands of the guide's page."""
