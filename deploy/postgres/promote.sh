#!/bin/sh
# Run on the standby when the primary is lost FOR GOOD. Stop the primary first: two writable primaries diverge (split brain).
# The new primary commits without waiting for a standby until you add one and set synchronous_standby_names again.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
alter system set synchronous_standby_names = '';
select pg_reload_conf();
select pg_promote();
SQL
