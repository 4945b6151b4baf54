"""The command `linkxg-client`."""
