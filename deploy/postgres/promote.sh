#!/bin/sh
# Run on the standby when the primary is gone FOR GOOD: stop it first, two servers that take writes are two truths. It then
# commits alone, without waiting for a standby; make the old one's machine its standby and set synchronous_standby_names anew.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
alter system set synchronous_standby_names = '';
select pg_reload_conf();
select pg_promote();
SQL
