import type { SpawnSyncOptionsWithStringEncoding } from 'node:child_process';
import { asGid, asUid, type Gid, type Uid } from '../runtime/brands.ts';
import { lazyBuiltin } from '../runtime/late.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';

export interface Account {
  name: string;
  uid: Uid;
  gid: Gid;
  gecos: string;
  homeDirectory: string;
  /** An empty field of passwd(5) means /bin/sh, and is given as that. */
  shell: string;
}

export interface Group {
  name: string;
  gid: Gid;
  members: string[];
}

const PASSWD = '/etc/passwd';
const GROUP = '/etc/group';
const LOOKUP_MS = 5000; // a hanging directory server must not block pm2

let passwd: string | null = null;
const asked = new Map<string, string | null>();

/** NSS may answer with another spelling, so use `name` of the answer. Null: no account, or no answer within 5 s. */
export function accountByName(name: string): Account | null {
  if (!isName(name)) return null;
  // getent reads digits as a uid
  const line = lineOf(passwdText(), name) ?? (/^\d+$/.test(name) ? null : askNss('passwd', name));
  return line === null ? null : accountOf(line);
}

/** Like accountByName. If several accounts share the uid (toor), the first one of /etc/passwd. */
export function accountByUid(uid: Uid): Account | null {
  const line = lineOfId(passwdText(), uid) ?? askNss('passwd', String(uid));
  const account = line === null ? null : accountOf(line);
  return account?.uid === uid ? account : null;
}

/** From /etc/passwd only, so no process is started. */
export function localAccount(name: string): Account | null {
  const line = isName(name) ? lineOf(passwdText(), name) : null;
  return line === null ? null : accountOf(line);
}

/** From /etc/group only. */
export function localGroupName(gid: Gid): string | null {
  const line = lineOfId(readTextOrEmpty(GROUP), gid);
  return line === null ? null : (groupOf(line)?.name ?? null);
}

/** From /etc/passwd only: a directory service may have a hundred thousand. */
export function localAccounts(): Account[] {
  return passwdText()
    .split('\n')
    .map(accountOf)
    .filter((account) => account !== null && isName(account.name)) as Account[];
}

export function localGroups(): Group[] {
  return readTextOrEmpty(GROUP)
    .split('\n')
    .map(groupOf)
    .filter((group) => group !== null && isName(group.name)) as Group[];
}

/** From /etc/group, then NSS. `members` lacks the users whose primary group it is. */
export function groupByName(name: string): Group | null {
  if (!isName(name)) return null;
  const line = lineOf(readTextOrEmpty(GROUP), name) ?? (/^\d+$/.test(name) ? null : askNss('group', name));
  return line === null ? null : groupOf(line);
}

export function groupByGid(gid: Gid): Group | null {
  const group = localGroups().find((one) => one.gid === gid);
  if (group) return group;
  const line = askNss('group', String(gid));
  return line === null ? null : groupOf(line);
}

/** Names of the listed members, then of the local users whose primary group it is. */
export function membersOf({ gid, members }: Pick<Group, 'gid' | 'members'>): string[] {
  const primary = localAccounts().filter((account) => account.gid === gid);
  return [...new Set([...members, ...primary.map(({ name }) => name)])];
}

/** Whether the group lists the account, or is its primary group. */
export function isMember({ name, gid }: Pick<Account, 'name' | 'gid'>, group: string): boolean {
  return groupByGid(gid)?.name === group || groupByName(group)?.members.includes(name) === true;
}

/** The primary group of an account if it has no other member (user private groups, useradd(8)), else null. */
export function privateGroup({ name, uid, gid }: Pick<Account, 'name' | 'uid' | 'gid'>): Gid | null {
  if (groupByGid(gid)?.members.some((member) => member !== name) !== false) return null;
  return localAccounts().some((other) => other.gid === gid && other.uid !== uid) ? null : gid;
}

function groupOf(line: string): Group | null {
  const [name, , gid, members] = line.split(':');
  if (!name || !isId(gid)) return null;
  return { name, gid: asGid(Number(gid)), members: (members ?? '').split(',').filter((member) => member !== '') };
}

/** A leading - would be an option of getent. A leading + or - belongs to NIS (passwd(5)). */
function isName(name: string): boolean {
  return /^[^-+:\s\u0000-\u001f][^:\n\r\u0000]*$/.test(name);
}

function isId(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,10}$/.test(text);
}

function accountOf(line: string): Account | null {
  const [name, , uid, gid, gecos, homeDirectory, shell] = line.split(':');
  if (!name || !isId(uid) || !isId(gid)) return null;
  return {
    name,
    uid: asUid(Number(uid)),
    gid: asGid(Number(gid)),
    gecos: gecos ?? '',
    homeDirectory: homeDirectory ?? '',
    shell: shell === undefined || shell === '' ? '/bin/sh' : shell,
  };
}

/** Splitting the whole file would be slower. */
function lineOf(text: string, name: string): string | null {
  const start = text.startsWith(`${name}:`) ? 0 : text.indexOf(`\n${name}:`) + 1;
  if (start === 0 && !text.startsWith(`${name}:`)) return null;
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end);
}

/** Without a regular expression, because each call of pm2 would have to compile it. */
function lineOfId(text: string, id: number): string | null {
  const field = `:${id}:`;
  for (let at = text.indexOf(field); at >= 0; at = text.indexOf(field, at + 1)) {
    const start = text.lastIndexOf('\n', at) + 1;
    const colon = text.indexOf(':', start);
    // an entry of NIS
    if (colon === start || text.indexOf(':', colon + 1) !== at || text[start] === '+' || text[start] === '-') continue;
    const end = text.indexOf('\n', at);
    return text.slice(start, end < 0 ? undefined : end);
  }
  return null;
}

function passwdText(): string {
  return (passwd ??= readTextOrEmpty(PASSWD)); // missing in a minimal container, then only NSS answers
}

function askNss(database: 'passwd' | 'group', key: string): string | null {
  const question = `${database} ${key}`;
  const known = asked.get(question);
  if (known !== undefined) return known;
  const answer = runGetent(database, key);
  asked.set(question, answer);
  return answer;
}

function runGetent(database: 'passwd' | 'group', key: string): string | null {
  const { spawnSync } = lazyBuiltin('node:child_process');
  // Absolute path and fixed environment, because root runs this.
  const options: SpawnSyncOptionsWithStringEncoding = {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    encoding: 'utf8',
    timeout: LOOKUP_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  };
  if (process.platform === 'darwin') {
    if (database !== 'passwd') return null;
    // macOS has no getent. `id -P` prints master.passwd(5): name:pw:uid:gid:class:change:expire:gecos:home:shell.
    const { status, stdout } = spawnSync('/usr/bin/id', ['-P', key], options);
    const [name, pw, uid, gid, , , , gecos, homeDirectory, shell] = status === 0 ? stdout.trimEnd().split(':') : [];
    return shell === undefined ? null : [name, pw, uid, gid, gecos, homeDirectory, shell].join(':');
  }
  const { status, stdout } = spawnSync('/usr/bin/getent', [database, key], options);
  return status === 0 ? (stdout.split('\n')[0] ?? null) : null;
}
