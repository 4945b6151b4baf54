#!/bin/sh
# Creates deploy/secrets for compose.yaml; existing files are kept.
#   sh deploy/secrets.sh https://api.acme.example [DIRECTORY]
set -eu
umask 077
public_url=$1
directory=${2:-$(dirname "$0")/secrets}
mkdir -p "$directory"
cd "$directory"
for name in superuser replication database; do
  [ -s "${name}_password" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' > "${name}_password"
done
[ -s node.env ] || cat > node.env <<SETTINGS
LINKXG_PUBLIC_URL=$public_url
LINKXG_DATABASE_URL=postgresql://linkxg:$(cat database_password)@db1:5432,db2:5432/linkxg
SETTINGS
