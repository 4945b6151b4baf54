# Installs the Debian packages that the tests start as real processes, where that is possible; never fails.
set -u
wanted=""
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted="$wanted postgresql"
command -v redis-server >/dev/null || command -v valkey-server >/dev/null || wanted="$wanted redis-server"
command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || wanted="$wanted chromium-headless-shell"
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || wanted="$wanted nginx-light"
command -v prometheus >/dev/null || wanted="$wanted prometheus"
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "not installed:$wanted (tests that need them are skipped; as root on Debian this command installs them)"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# A package's own service is not started: the tests run each program themselves.
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
apt-get update -qq >/dev/null 2>&1
for package in $wanted; do
  apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 || echo "could not install $package"
done
exit 0
