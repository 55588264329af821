# shellcheck shell=sh
# Functions of the throwaway hosts, read by boot.sh and keeper.sh.
# In the environment: ROOT (a Debian system, see systems.mjs), LAYERS (layers of /usr above it, may be empty),
# LOCAL_LAYER (of /usr/local, may be empty), HIDDEN (names below /usr that are not to be seen), REPO, USERS (to be
# added), SUDO (HostOptions.sudo).

# Lays the overlays of a host under /mnt/root. All that is written to is in a tmpfs on /mnt.
lay_files() {
  mount -t tmpfs -o mode=755 tmpfs /mnt
  for name in upper work root usr-upper usr-work local-upper local-work mask; do mkdir -p "/mnt/$name"; done
  mount -t overlay -o "lowerdir=$ROOT,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/root
  # Whiteouts (a character device 0:0, overlayfs.rst).
  for name in $HIDDEN; do mkdir -p "/mnt/mask/${name%/*}" && mknod "/mnt/mask/$name" c 0 0; done
  layers=${LAYERS:+$LAYERS:}/mnt/mask:$ROOT/usr
  mount -t overlay -o "lowerdir=$layers,upperdir=/mnt/usr-upper,workdir=/mnt/usr-work" overlay /mnt/root/usr
  for name in bin etc games include lib sbin share/man src; do mkdir -p "/mnt/local-upper/$name"; done
  if [ -n "$LOCAL_LAYER" ]; then
    mount -t overlay -o "lowerdir=$LOCAL_LAYER,upperdir=/mnt/local-upper,workdir=/mnt/local-work" overlay \
      /mnt/root/usr/local
  else
    mount --bind /mnt/local-upper /mnt/root/usr/local
  fi
  # No overlays where daemons and people write: a file keeps its inode there.
  for name in root home var/www var/log srv opt; do
    mkdir -p "/mnt/root/$name" "/mnt/own/$name"
    cp -aT "/mnt/root/$name" "/mnt/own/$name"
    mount --bind "/mnt/own/$name" "/mnt/root/$name"
  done
  chmod 700 /mnt/root/root
  mkdir -p /mnt/root/usr/src/pm2-guard
  mount --bind "$REPO" /mnt/root/usr/src/pm2-guard
  mount -o remount,bind,ro /mnt/root/usr/src/pm2-guard
}

# Mounts /dev of a host in the current directory.
mount_devices() {
  mount -t tmpfs -o mode=755,nosuid tmpfs dev
  mkdir dev/pts dev/shm
  mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts
  mount -t tmpfs -o mode=1777 tmpfs dev/shm
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  for number in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${number%:*}" "dev/${number#*:}"; done
  for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"; done
  mknod -m 666 dev/tty c 5 0
}

# Makes the current directory the root directory, and brings lo up (SIOCSIFFLAGS, IFF_UP|IFF_RUNNING).
enter_root() {
  pivot_root . mnt
  umount -l /mnt
  hostname debian
  perl -e 'use Socket; socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
    my $lo = pack("a16 s x14", "lo", 0x41); ioctl($s, 0x8914, $lo) or die "lo: $!"'
}

# What makes the system a server: its name, users, sudoers, the app. Runs in the host, once.
make_server() {
  echo debian > /etc/hostname
  printf '127.0.0.1\tlocalhost\n127.0.1.1\tdebian\n::1\tlocalhost\n' > /etc/hosts
  # As login.defs of Debian 13 says; Debian 12 leaves home directories open to all.
  for user in $USERS; do useradd --create-home --user-group --shell /bin/bash -K HOME_MODE=0700 "$user"; done
  printf 'deploy ALL=(ALL:ALL) NOPASSWD: ALL\n' > /etc/sudoers.d/deploy
  chmod 440 /etc/sudoers.d/deploy
  case $SUDO in
    classic) ;;
    sudo-rs)
      for name in bin/sudo sbin/visudo; do
        ln -s "/usr/lib/cargo/bin/${name#*/}" "/etc/alternatives/${name#*/}"
        ln -sf "/etc/alternatives/${name#*/}" "/usr/$name"
      done ;;
    sudo-rs-file)
      install -m 4755 /usr/lib/cargo/bin/sudo /usr/bin/sudo
      install -m 755 /usr/lib/cargo/bin/visudo /usr/sbin/visudo ;;
  esac
  # As a web server's package leaves it: /var/www is root's, and the home of www-data's daemon was made by hand.
  app=/var/www/html/myapp/public_html
  install -d -o root -g root /var/www/html
  install -d -o www-data -g www-data /var/www/.pm2 /var/www/.npm /var/www/html/myapp $app
  install -o www-data -g www-data -m 644 /usr/src/pm2-guard/test/harness/myapp/* $app
}
