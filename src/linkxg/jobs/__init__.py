"""The engine of bulk jobs: a job's file, its lease, its batches and the results of its rows, whatever the rows are.

A kind of job registers a handler (`handler.JobKind`), which reads, plans and writes the rows.
"""
