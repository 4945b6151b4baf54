"""Capture of EPCIS documents, as a bulk job, and of single events."""
