"""What others share with the account."""
