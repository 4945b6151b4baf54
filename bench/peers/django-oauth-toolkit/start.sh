#!/bin/sh
# gunicorn with its own kind of workers, as many as its documentation advises for one core (2 × cores + 1).
set -eu
export DJANGO_SETTINGS_MODULE=config
python -m django migrate --run-syncdb --verbosity 0
python seed.py
exec gunicorn wsgi:application --bind "127.0.0.1:$PORT" --workers 3 --log-level error
