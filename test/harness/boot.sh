#!/bin/sh
# The first process of a throwaway host without systemd. It runs as root in new mount, pid, ipc, uts and net namespaces,
# and then only waits: the host lives as long as its standard input. In the environment: see lib.sh.
set -eu
# Read before /proc is replaced: the number by which the machine knows this process.
read -r outer _ < /proc/self/stat
. "$REPO/test/harness/lib.sh"

lay_files
cd /mnt/root
for name in run tmp; do
  mkdir "/mnt/own/$name"
  mount --bind "/mnt/own/$name" "$name"
done
chmod 1777 tmp
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount_devices
enter_root
tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id
make_server

echo "$outer"
# Ignored, so that the kernel reaps the daemons that end here (wait(2)); kept across exec.
trap '' CHLD
exec cat > /dev/null
