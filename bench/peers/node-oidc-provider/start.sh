#!/bin/sh
# The provider in production mode, and Redis on a socket beside it with an append-only file synced every second.
# Both inherit the core of this script, as the embedded database of the others does.
set -eu
redis-server --port 0 --unixsocket "$DATA_DIR/redis.sock" --dir "$DATA_DIR" --appendonly yes --save "" >/dev/null &
until [ -S "$DATA_DIR/redis.sock" ]; do sleep 0.1; done
node seed.mjs
NODE_ENV=production exec node server.mjs
