#!/bin/sh
# The image runs this once on an empty server. Creates the service's database and a replication role; from the next start on,
# a commit waits until a standby has stored it.
set -eu
secrets=${SECRETS:-/run/secrets}
psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname postgres \
  --set database="$(cat "$secrets/database_password")" --set replication="$(cat "$secrets/replication_password")" <<'SQL'
create role linkxg login password :'database';
create role replicator replication login password :'replication';
create database linkxg owner linkxg;
SQL
echo "host replication replicator all scram-sha-256" >> "$PGDATA/pg_hba.conf"
cat >> "$PGDATA/postgresql.conf" <<'SETTINGS'
synchronous_standby_names = 'ANY 1 (*)'
synchronous_commit = on
SETTINGS
