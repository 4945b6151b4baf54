#!/bin/sh
# gunicorn as Flask's documentation advises, sized for one core (2 × cores + 1 workers); threads, because with the plain
# workers connections could not be kept alive.
set -eu
python seed.py
exec gunicorn provider:app --bind "127.0.0.1:$PORT" --workers 3 --worker-class gthread --threads 4 --log-level error
