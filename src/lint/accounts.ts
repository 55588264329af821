import { basename, dirname, join } from 'node:path';
import { accountByName, accountByUid, groupByName, localAccounts, type Account } from '../identity/accounts.ts';
import { thisHost, type AccountSource } from '../call/personal.ts';
import type { Policy } from '../policy/policy.ts';
import { asGid, asUid, type Gid, type Uid } from '../runtime/brands.ts';

/** The facts that lint assumes of a user, who may have no account on this machine. */
export interface AssumedAccount {
  name: string;
  uid: Uid;
  gid: Gid;
  homeDirectory: string;
  shell: string;
  here: boolean;
}

/** Home directories of Debian's base-passwd and its usual packages. */
const HOMES: Readonly<Record<string, string | undefined>> = {
  root: '/root',
  'www-data': '/var/www',
  jenkins: '/var/lib/jenkins',
  nginx: '/var/cache/nginx',
  apache: '/usr/share/httpd',
  postgres: '/var/lib/postgresql',
  nobody: '/nonexistent',
  daemon: '/usr/sbin',
  bin: '/bin',
  git: '/home/git',
};

/** Users of Debian and Red Hat whose shell refuses every login. */
const NO_LOGIN = new Set([
  'www-data',
  'nginx',
  'apache',
  'http',
  'nobody',
  'daemon',
  'bin',
  'sys',
  'mail',
  'news',
  'proxy',
  'backup',
  'list',
  'irc',
  'mysql',
  'redis',
  'caddy',
  'httpd',
]);

const assumed = new Map<string, Uid>();

/** The account of a name or a numeric uid: from this machine, else with the usual values. */
export function assumedAccount(name: string): AssumedAccount {
  const [, number] = /^#?(\d{1,10})$/.exec(name) ?? [];
  const found = accountByName(name) ?? (number === undefined ? null : accountByUid(asUid(Number(number))));
  if (found)
    return {
      name: found.name,
      uid: found.uid,
      gid: found.gid,
      homeDirectory: found.homeDirectory,
      shell: found.shell,
      here: true,
    };
  const uid = name === 'root' || name === '0' || name === '#0' ? asUid(0) : uidOf(name);
  const homeDirectory = (Object.hasOwn(HOMES, name) ? HOMES[name] : undefined) ?? join('/home', name);
  return {
    name: uid === 0 ? 'root' : name,
    uid,
    gid: asGid(uid),
    homeDirectory,
    shell: NO_LOGIN.has(name) ? '/usr/sbin/nologin' : '/bin/sh',
    here: false,
  };
}

function uidOf(name: string): Uid {
  const known = assumed.get(name) ?? asUid(0x7000_0000 + assumed.size);
  assumed.set(name, known);
  return known;
}

export function hasLoginShell({ shell }: AssumedAccount): boolean {
  return !/\/(nologin|false|sync)$/.test(shell);
}

/** @param members `known`: groups have their members on this machine. `all`: every user is a member */
export function assumedAccounts(members: 'known' | 'all'): AccountSource {
  return {
    byName: asAccount,
    byUid: (uid) => {
      const [name] = [...assumed].find(([, known]) => known === uid) ?? [];
      return name === undefined ? thisHost.byUid(uid) : asAccount(name);
    },
    ownerOf: (pm2Home) => {
      const owns = ({ homeDirectory }: Account) => join(homeDirectory, '.pm2') === pm2Home;
      const usual = asAccount(basename(dirname(pm2Home)));
      return localAccounts().find(owns) ?? (owns(usual) ? usual : null);
    },
    isMember: (account, group) => members === 'all' || thisHost.isMember(account, group),
  };
}

function asAccount(name: string): Account {
  const { homeDirectory, ...account } = assumedAccount(name);
  return { ...account, gecos: '', homeDirectory };
}

/** Only the config's host knows whether this user is in a group of `personal`. */
export function mayBeMember(name: string, { personal }: Policy): boolean {
  if (personal === null || personal.groups.length === 0 || personal.matchesUser(name)) return false;
  const { uid, here } = assumedAccount(name);
  return uid !== 0 && !(here && personal.groups.every((group) => groupByName(group) !== null));
}
