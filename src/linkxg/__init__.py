"""LinkXG: product data between companies, behind OAuth 2.0 and rotating sessions."""

__version__ = "0.1.0"
