#!/bin/sh
# gunicorn with its own kind of workers, as many as its documentation advises for one core (2 × cores + 1).
set -eu
python seed.py
exec gunicorn provider:app --bind "127.0.0.1:$PORT" --workers 3 --log-level error
