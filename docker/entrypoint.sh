#!/bin/sh
# Starts the gateway as the user `sluice`, which is never root.
#
# `docker run -v ./data:/data` makes ./data on the host as root when it is not there, and a user who is not root could
# not write to it. So the container starts as root, gives the data directory to `sluice` if it is another's, and drops
# root for good before the first line of Java. Started as any other user (docker run --user), it gives nothing away.
# Every step is an exec: the JVM is process 1 and gets the SIGTERM of `docker stop` itself.
set -eu

# What the gateway writes, users' hashes and sealed keys among it, is for no other user of the host.
umask 077

set -- java --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow -jar /app/sluice.jar "$@"

if [ "$(id -u)" -eq 0 ]; then
  mkdir -p "$SLUICE_DATA_DIR"
  if [ "$(stat -c %u "$SLUICE_DATA_DIR")" != "$(id -u sluice)" ]; then
    chown -R sluice:sluice "$SLUICE_DATA_DIR"
    chmod 700 "$SLUICE_DATA_DIR"
  fi
  exec su-exec sluice:sluice "$@"
fi
exec "$@"
