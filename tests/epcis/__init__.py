"""EPCIS events and documents."""
