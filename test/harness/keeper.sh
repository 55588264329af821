#!/bin/sh
# Keeps the files of a host with a real systemd through all its boots. Runs as root and as the first process of new
# mount and pid namespaces, so that everything ends with it. In the environment: see lib.sh, and START_TIMEOUT,
# STOP_TIMEOUT (init.sh). Standard input: a line switches the host on again; its end ends the host. Standard output:
# "up PID" at each boot, "off" when the host is off.
set -eu
. "$REPO/test/harness/lib.sh"
lay_files

cgroup=/sys/fs/cgroup/unified # hybrid; else cgroup v2 alone
[ -d "$cgroup" ] || cgroup=/sys/fs/cgroup
CGROUP=$(mktemp -d "$cgroup/pm2-guard-host-XXXXXX")
chmod 755 "$CGROUP" # user managers enter it
export CGROUP
mkdir "$CGROUP/outside"
empty_cgroup() { find "$CGROUP" -mindepth 1 -depth -type d -exec rmdir {} + 2> /dev/null || :; }

mkfifo /mnt/power
exec 9<> /mnt/power # a writer must not wait for a reader
boots() {
  while :; do
    status=0
    unshare --mount --pid --fork --kill-child=SIGKILL --ipc --uts --net /bin/sh "$REPO/test/harness/init.sh" \
      < /dev/null 9>&- || status=$?
    empty_cgroup
    mkdir -p "$CGROUP/outside"
    # reboot(2) in a pid namespace ends its first process with SIGHUP for a restart, with SIGINT for halt and power off
    # (pid_namespaces(7)), and unshare ends alike. Any other end is a power failure.
    [ "$status" -ne 129 ] || continue
    echo off
    read -r _ <&9
  done
}
boots &
while read -r line; do echo "$line" >&9; done
kill -KILL -1
for _ in $(seq 100); do
  empty_cgroup
  ! rmdir "$CGROUP" 2> /dev/null || break
  sleep 0.05 # a process that is ending is still in its control group
done
