#!/bin/sh
# gunicorn as its documentation sizes it for one core (2 × cores + 1 workers); threads, because with the plain workers
# connections could not be kept alive.
set -eu
export DJANGO_SETTINGS_MODULE=config
python -m django migrate --run-syncdb --verbosity 0
python seed.py
exec gunicorn wsgi:application --bind "127.0.0.1:$PORT" --workers 3 --worker-class gthread --threads 4 --log-level error
