#!/bin/sh
# run.sh COMMAND... -- runs a server in the foreground, never as root.
#
# Apache and php-fpm refuse to serve as root. Root runs them as www-data, who may not enter root's own
# folders, though, where {dir} and this checkout usually are: CAP_DAC_OVERRIDE lets it. They serve the
# loopback only, and nothing but this suite's documents.
set -eu
# Debian keeps both in /usr/sbin, which is not on everybody's PATH.
PATH=$PATH:/usr/sbin
[ "$(id -u)" -eq 0 ] || exec "$@"
exec setpriv --reuid=www-data --regid=www-data --clear-groups \
    --inh-caps=+dac_override --ambient-caps=+dac_override "$@"
