"""Do clients that were written elsewhere, by the standards, work with this service over TLS?"""
