"""Issues passports, keeps their versions, and withdraws them."""
