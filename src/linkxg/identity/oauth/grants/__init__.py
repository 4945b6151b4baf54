"""One file per grant; each turns an authenticated client and its parameters into a token."""
