#!/bin/sh
# Installs pm2-guard from this checkout: checks what is there, builds, puts it in place. Repeatable.
set -eu

usage() {
  cat <<'END'
Usage: sudo ./install.sh [--seal] [--verbose] [--dry-run] [--json] [--help]

Builds pm2-guard and puts it in place: /usr/local/lib/pm2-guard, /usr/local/bin/pm2-guard, and the layers that make
`pm2` lead to it. Installs pm2 with npm if the machine has none, and drafts /etc/pm2-guard/config.yaml if there is none.
Run it again to upgrade; `sudo pm2-guard uninstall` removes everything.

Needs node 18 or newer (20 to build) and npm, and root. Options are those of `pm2-guard install`.
Exit status: 0 done; 1 something could not be done, or `sudo pm2` or a login shell still finds another pm2. The end of
the output names it.
END
}

# $1: what is wrong; $2: what to type.
fail() {
  printf 'pm2-guard: %s\n  run:  %s\n' "$1" "$2" >&2
  exit 1
}

say() {
  printf 'pm2-guard: %s\n' "$1" >&2
}

dry='' chosen=''
for option; do
  case $option in
    -h | --help) usage; exit 0 ;;
    --dry-run) dry=yes ;;
    --layers* | --without*) chosen=yes ;;
  esac
done

# With CDPATH, cd might go to another checkout of that name.
unset -v CDPATH
cd -- "$(dirname -- "$0")"
[ "$(id -u)" -eq 0 ] || fail 'installing writes to /usr/local, /etc and /var, which only root may' 'sudo ./install.sh'
command -v node > /dev/null ||
  fail "there is no node in root's PATH ($PATH)" 'apt-get install nodejs npm   (or see https://nodejs.org/en/download)'

major=$(node -p 'parseInt(process.versions.node, 10)')
[ "$major" -ge 18 ] ||
  fail "$(command -v node) is node $(node --version), and pm2-guard needs 18 or newer" \
    'apt-get install nodejs   (or see https://nodejs.org/en/download)'

# What was built elsewhere, or here before, needs no tools; sources that are newer do.
built=
if [ -f dist/pm2.cjs ] && [ -f dist/pm2-guard.cjs ]; then
  sources='src completions docs packaging package.json README.md'
  # shellcheck disable=SC2086 # several words
  newer=$(find $sources ./*.mjs -newer dist/pm2.cjs -print 2> /dev/null || :)
  [ -n "$newer" ] || built=yes
fi
if [ -z "$built" ]; then
  [ "$major" -ge 20 ] ||
    fail "building needs node 20 or newer, and $(command -v node) is $(node --version); what is built runs on 18" \
      'npm ci && npm run build   (with a newer node, then copy dist/ here and run ./install.sh again)'
  command -v npm > /dev/null ||
    fail "there is no npm in root's PATH ($PATH), which gets the tools to build with" 'apt-get install npm'
  if [ ! -d node_modules ]; then
    say 'getting the tools to build with (npm ci)'
    # NODE_ENV=production would leave them out. None needs its scripts, and root runs none of theirs.
    npm ci --include=dev --ignore-scripts --no-audit --no-fund >&2 ||
      fail 'npm ci failed, see above' 'npm ci --ignore-scripts'
  fi
  say 'building'
  npm run --silent build >&2 || fail 'the build failed, see above' 'npm ci --ignore-scripts && npm run build'
fi

# Not ours: the shim that an earlier run may have put before the real one.
has_pm2() {
  rest=$PATH:/usr/local/bin:/usr/bin:
  while [ -n "$rest" ]; do
    pm2=${rest%%:*}/pm2
    rest=${rest#*:}
    # The door of a sealed pm2 (pm2-guard seal) says that PM2 is behind it.
    if [ -f "$pm2" ] && [ -x "$pm2" ] && ! head -c 1024 "$pm2" | grep -q 'pm2-guard-shim\($\|[^-]\)'; then return 0; fi
  done
  return 1
}

if ! has_pm2; then
  command -v npm > /dev/null ||
    fail 'there is no pm2 on this machine, and no npm to install it with' 'apt-get install npm'
  if [ -n "$dry" ]; then
    say 'would install pm2 (npm install -g pm2)'
  else
    say 'there is no pm2 on this machine, installing it (npm install -g pm2)'
    # npm stops at a file that it did not make: our own link gives way and is put back below, where it still fits.
    case $(readlink /usr/local/bin/pm2 || :) in /usr/local/lib/pm2-guard/*) rm /usr/local/bin/pm2 ;; esac
    npm install -g --no-audit --no-fund pm2 >&2 || fail 'npm could not install pm2, see above' 'npm install -g pm2'
    # npm 9 gives files to the uids that the archives name, of which one may be a user's here. Root runs this package.
    installed=$(npm root -g 2> /dev/null || :)/pm2
    case $installed in
      /*/node_modules/pm2) [ ! -d "$installed" ] || [ -h "$installed" ] || chown -hR root:root "$installed" ;;
    esac
  fi
fi

status=0
node dist/pm2-guard.cjs install "$@" || status=$?

# An installation does not prove that pm2-guard answers. A gap is named. If `sudo pm2` or a login shell is one, the exit
# status is 1, unless layers were left out by choice.
if [ -z "$dry" ] && [ -x /usr/local/bin/pm2-guard ]; then
  say 'proving it (pm2-guard verify)'
  verified=$(/usr/local/bin/pm2-guard verify) || :
  conclusion=$(printf '%s\n' "$verified" | tail -n 1)
  gaps=$(printf '%s\n' "$verified" | sed -n '/^gap  /{s/^gap  *//;s/  .*//;p;}')
  # sudo may not search /usr/local/bin.
  command='sudo pm2-guard'
  grep -q '"wayToRoot": "sudo"' /usr/local/lib/pm2-guard/install.json || command='sudo /usr/local/bin/pm2-guard'
  plain=$(PATH=/usr/local/bin:/usr/bin:/bin command -v pm2 || :)
  case $plain in /*) if head -c 1024 "$plain" | grep -q pm2-guard-shim; then plain=; fi ;; esac
  case $conclusion in
    covered*)
      gap="1 gap: shells that read no startup file find $plain first (covers them: $command install --seal)"
      [ -z "$plain" ] || conclusion="$gap; else $conclusion" ;;
    *) [ -z "$gaps" ] || conclusion="$conclusion; not covered: $(printf '%s' "$gaps" | tr '\n' ',' | sed 's/,/, /g')" ;;
  esac
  [ -z "$conclusion" ] || say "$conclusion"
  case $gaps in *'sudo pm2'* | *'login shell'*) [ -n "$chosen" ] || status=1 ;; esac
  case $conclusion in covered*) ;; *) say "which ways, and what covers them:  $command verify" ;; esac
fi
exit "$status"
