#!/bin/sh
# One boot of a host with a real systemd: mounts what does not survive a reboot, and becomes systemd. The first process
# of new mount, pid, ipc, uts and net namespaces, below the mounts of keeper.sh.
set -eu
# Read before /proc is replaced: the number by which the machine knows this process.
read -r outer _ < /proc/self/stat
# First into the host's own cgroup, then into a cgroup namespace that has it as its root: systemd sees no other.
if [ "${1-}" != inside ]; then
  echo 0 > "$CGROUP/cgroup.procs"
  exec unshare --cgroup /bin/sh "$0" inside
fi
. "$REPO/test/harness/lib.sh"
cd /mnt/root
mount -t proc -o nosuid,nodev,noexec proc proc
# The kernel's settings are the machine's.
for name in sys irq bus; do
  mount --bind "proc/$name" "proc/$name"
  mount -o remount,bind,ro "proc/$name"
done
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
# A boot id of its own, so that `journalctl -b` means this boot.
cat proc/sys/kernel/random/uuid > run/.boot-id
mount --bind run/.boot-id proc/sys/kernel/random/boot_id
mount -o remount,bind,ro proc/sys/kernel/random/boot_id
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs tmp
mount_devices
enter_root
mkdir -p /run/lock

if [ ! -e /etc/ssh/tests_key ]; then # the first boot
  tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id
  make_server
  install -d -o root -g systemd-journal -m 2755 /var/log/journal # a journal that stays
  # What needs a machine, or would run by itself while tests run.
  for unit in getty.target console-getty.service getty@.service serial-getty@.service remote-fs.target \
    modprobe@.service \
    systemd-modules-load.service systemd-sysctl.service systemd-random-seed.service systemd-firstboot.service \
    systemd-binfmt.service systemd-journald-audit.socket systemd-pstore.service systemd-networkd-wait-online.service \
    proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount sys-kernel-debug.mount sys-kernel-config.mount \
    sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-hugepages.mount dev-mqueue.mount e2scrub_reap.service \
    e2scrub_all.timer fstrim.timer apt-daily.timer apt-daily-upgrade.timer man-db.timer dpkg-db-backup.timer \
    logrotate.timer; do
    ln -sfn /dev/null "/etc/systemd/system/$unit"
  done
  # Debian 12 and later install no rsyslog: `systemctl enable --now rsyslog` starts it.
  rm -f /etc/systemd/system/multi-user.target.wants/rsyslog.service /etc/systemd/system/syslog.service
  mkdir -p /etc/systemd/system.conf.d
  printf '[Manager]\nDefaultTimeoutStartSec=%s\nDefaultTimeoutStopSec=%s\n' "$START_TIMEOUT" "$STOP_TIMEOUT" \
    > /etc/systemd/system.conf.d/tests.conf
  # root may log in by ssh as every user: Host.session.
  ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/tests_key
  for user in root $USERS; do
    directory=$(getent passwd "$user" | cut -d: -f6)
    install -d -o "$user" -g "$user" -m 700 "$directory/.ssh"
    install -o "$user" -g "$user" -m 600 /etc/ssh/tests_key.pub "$directory/.ssh/authorized_keys"
  done
  printf 'UseDNS no\nMaxStartups 100\n' > /etc/ssh/sshd_config.d/tests.conf
fi
echo "up $outer"
# Settings of the machine, such as its clock, are not the host's to change.
machine=-sys_time,-sys_module,-sys_rawio,-syslog,-wake_alarm,-audit_control,-audit_read,-mac_admin,-mac_override
exec env -i container=tests PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
  setpriv --bounding-set "$machine" \
  /lib/systemd/systemd --unit=multi-user.target --show-status=0 > /dev/null 2> /run/console
