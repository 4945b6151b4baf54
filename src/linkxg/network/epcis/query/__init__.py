"""The EPCIS query interface."""
