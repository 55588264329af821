#!/bin/sh
# The first process of a throwaway host: runs as root in new mount, pid, ipc, uts (and net) namespaces, lays overlays
# over this machine's Debian, makes the users, and then only waits: the host lives as long as its standard input.
# In the environment: LAYERS (lower layers of /usr), LOCAL_LAYER (of /usr/local, may be empty), REPO, NODE (a node to
# show as /usr/bin/node, or empty), USERS (to be added), SHARED_NETWORK (set where the network is this machine's).
set -eu
# Read before /proc is replaced: the number by which the machine knows this process.
read -r outer _ < /proc/self/stat

mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir -p /mnt/upper /mnt/work /mnt/root /mnt/usr-upper /mnt/usr-work /mnt/local-upper /mnt/local-work /mnt/mask/bin /mnt/mask/lib
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work overlay /mnt/root
cd /mnt/root

# Whiteouts (a character device 0:0, overlayfs.rst): this machine's node, npm and pm2 are not the host's.
for name in node npm npx corepack pm2 pm2-dev pm2-docker pm2-runtime pnpm yarn; do mknod "/mnt/mask/bin/$name" c 0 0; done
mknod /mnt/mask/lib/node_modules c 0 0
mount -t overlay -o "lowerdir=$LAYERS:/mnt/mask:/usr,upperdir=/mnt/usr-upper,workdir=/mnt/usr-work" overlay usr
for name in bin etc games include lib sbin share/man src; do mkdir -p "/mnt/local-upper/$name"; done
if [ -n "$LOCAL_LAYER" ]; then
  mount -t overlay -o "lowerdir=$LOCAL_LAYER,upperdir=/mnt/local-upper,workdir=/mnt/local-work" overlay usr/local
else
  mount --bind /mnt/local-upper usr/local
fi
if [ -n "$NODE" ]; then : > usr/bin/node && mount --bind "$NODE" usr/bin/node; fi

for name in root home var/www srv opt tmp run dev; do
  mkdir -p "$name" "/mnt/empty/$name"
  mount --bind "/mnt/empty/$name" "$name"
done
chmod 700 root
chmod 1777 tmp
mkdir -p usr/src/pm2-guard
mount --bind "$REPO" usr/src/pm2-guard
mount -o remount,bind,ro usr/src/pm2-guard
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys

mkdir dev/pts dev/shm
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%:*}" "dev/${number#*:}"; done
for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"; done
mknod -m 666 dev/tty c 5 0

if [ -n "$SHARED_NETWORK" ] && [ -f /root/.npmrc ]; then cp /root/.npmrc root/.npmrc; fi
pivot_root . mnt
umount -l /mnt

# A machine on which pm2-guard itself is installed makes hosts without it, too.
rm -rf /etc/pm2-guard /var/lib/pm2-guard /var/cache/pm2-guard /etc/profile.d/pm2-guard.sh /etc/sudoers.d/pm2-guard /etc/sudoers.d/pm2-guard-operators

hostname debian
echo debian > /etc/hostname
printf '127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n::1\tlocalhost\n' > /etc/hosts
if [ -z "$SHARED_NETWORK" ]; then
  # Brings lo up (SIOCSIFFLAGS, IFF_UP|IFF_RUNNING) where iproute2 is not installed.
  perl -e 'use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die; my $r = pack("a16 s x14", "lo", 0x41); ioctl($s, 0x8914, $r) or die "lo: $!"'
fi

cp -rT /etc/skel /root
for user in $USERS; do useradd --create-home --user-group --shell /bin/bash "$user"; done
printf 'deploy ALL=(ALL:ALL) NOPASSWD: ALL\n' > /etc/sudoers.d/deploy
chmod 440 /etc/sudoers.d/deploy
# As a web server's package leaves it: /var/www is root's, and somebody made the home of www-data's daemon.
app=/var/www/html/myapp/public_html
install -d -o root -g root /var/www/html
install -d -o www-data -g www-data /var/www/.pm2 /var/www/.npm /var/www/html/myapp $app
install -o www-data -g www-data -m 644 /usr/src/pm2-guard/test/host/myapp/* $app

echo "$outer"
# Ignored, so that the kernel reaps the daemons that end here (wait(2)); kept across exec.
trap '' CHLD
exec cat > /dev/null
