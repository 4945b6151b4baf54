"""The structure of the program. Each failure message says why its rule exists."""
