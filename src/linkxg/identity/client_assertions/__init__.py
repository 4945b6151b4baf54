"""Client authentication by signed assertions: keys of clients (RFC 7523), and workloads of foreign issuers."""
