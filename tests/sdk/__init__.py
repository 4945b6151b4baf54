"""The client library and its command, against real servers."""
