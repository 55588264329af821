# $1: a PATH that ends in a colon. `command -v` would fork, and answer with functions and relative entries.
pm2_guard_seek() {
  while [ -n "$1" ]; do
    case $1 in /*)
      pm2_guard_node=${1%%:*}/node
      [ -x "$pm2_guard_node" ] && [ -f "$pm2_guard_node" ] && return ;;
    esac
    set -- "${1#*:}"
  done
  return 1
}

# shellcheck disable=SC3067 # -O is in dash, bash and busybox, and asks for the effective user as nothing else does
if [ -O /usr/local/lib/pm2-guard ] || [ -O / ]; then
  # root runs the node that install recorded, which only root can change. Without it: a node of root in these
  # directories.
  pm2_guard_node=/usr/local/lib/pm2-guard/node
  if [ ! -x "$pm2_guard_node" ]; then
    for pm2_guard_node in /usr/bin /usr/local/bin ''; do
      [ -O "$pm2_guard_node" ] && [ -O "$pm2_guard_node/node" ] && [ ! -h "$pm2_guard_node/node" ] &&
        [ -f "$pm2_guard_node/node" ] && [ -x "$pm2_guard_node/node" ] && break
    done
    pm2_guard_node=${pm2_guard_node:+$pm2_guard_node/node}
  fi
else
  # Other users run the node that plain pm2 would. If PATH has none (cron, ssh): one in the usual places.
  pm2_guard_seek "${PATH-}:/usr/local/lib/pm2-guard:/usr/local/bin:/usr/bin:" ||
    for pm2_guard_node in /opt/*[!.]/bin/node ''; do [ ! -x "$pm2_guard_node" ] || break; done
fi
