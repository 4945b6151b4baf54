#!/bin/sh
# A streaming standby of the primary; promote.sh makes it the primary.
set -eu
as=${RUN_AS-gosu postgres}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  PGPASSWORD=$(cat "${SECRETS:-/run/secrets}/replication_password")
  export PGPASSWORD
  mkdir -p "$PGDATA"
  chmod 0700 "$PGDATA"
  [ -z "$as" ] || chown postgres: "$PGDATA"
  # Remove what an interrupted attempt left.
  find "$PGDATA" -mindepth 1 -delete
  until $as pg_basebackup --pgdata "$PGDATA" --host "$PRIMARY" --port "${PRIMARY_PORT:-5432}" --username replicator \
    --write-recovery-conf --wal-method stream --checkpoint fast; do
    find "$PGDATA" -mindepth 1 -delete
    sleep 2
  done
  unset PGPASSWORD
fi
exec $as postgres "$@"
