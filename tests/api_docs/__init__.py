"""The OpenAPI document and its page agree with the program."""
