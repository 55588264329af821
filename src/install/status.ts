import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { isRootBySudo } from '../identity/caller.ts';
import { rpcSocket } from '../pm2/home.ts';
import { findRealPm2 } from '../pm2/installed.ts';
import { askDaemon } from '../pm2/rpc.ts';
import { readCompiled } from '../policy/compiled.ts';
import { formatConfigError } from '../policy/config-error.ts';
import { isFresh, loadPolicy } from '../policy/load.ts';
import { standardConfig } from '../policy/places.ts';
import * as slow from '../policy/slow.ts';
import { VERSION } from '../policy/version.ts';
import { sealInWords, sealStates, type SealState } from '../seal/seals.ts';
import { stateInWords, stateOf, type State } from '../sudoers/file.ts';
import { wantedDropIn } from '../sudoers/wanted.ts';
import { firstPm2, type Find } from './finds.ts';
import { LIBRARY, NODE_LINK, SHIMS } from './places.ts';
import { compareVersions, newerPackage, packagesOnHost, wayToInstall, type Package } from './packages.ts';
import { readRecord } from './record.ts';
import { securePath } from './sudo.ts';

/** A way of typing pm2, and what it leads to. */
export interface Way {
  way: 'login shell' | 'sudo' | 'ssh command';
  /** null: cannot be told, `note` says why. */
  path: string | null;
  finds: Find | null;
  note: string | null;
}

export interface DaemonStatus {
  name: string;
  user: string;
  home: string;
  /** `live`: answers; `down`: nobody listens; `denied`: not the caller's to ask; `silent`: listens and does not answer as PM2 does. */
  socket: 'live' | 'down' | 'denied' | 'silent';
}

export interface Status {
  version: string;
  /** Version of what is in /usr/local/lib/pm2-guard; null: not installed. */
  installed: string | null;
  /** What package managers keep of pm2-guard; what runs is the installed copy. */
  packages: Package[];
  pm2: { path: string; version: string } | null;
  node: string | null;
  config: { state: 'valid' | 'last good' | 'unusable'; file: string | null; message: string | null };
  /** null: there is none. */
  compiled: { fresh: boolean; made: string } | null;
  daemons: DaemonStatus[];
  ways: Way[];
  /** Packages of PM2 that are sealed, or were to be. */
  seals: SealState[];
  /** The operators' rights against the config; null: the config cannot be used. */
  sudoers: State | null;
  /** What is wrong; empty: all is well. */
  problems: string[];
}

/** Debian's sshd without PAM's /etc/environment (its --with-default-path); Red Hat's begins with /usr/local/bin as well. */
const SSH_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/games';
const PATIENCE = { timeoutMs: 1000 };

/** How pm2-guard stands on this host. Changes nothing, never runs pm2; anybody may ask, root sees most. */
export async function status(): Promise<Status> {
  const record = readRecord();
  const installed = typeof record?.version === 'string' && existsSync(join(SHIMS, 'pm2')) ? record.version : null;
  const node = existsSync(NODE_LINK) ? record?.node ?? NODE_LINK : null;
  const real = findRealPm2({ recorded: record?.pm2 ?? null, path: process.env['PATH'], skip: [LIBRARY], asRoot: process.geteuid?.() === 0 });
  const { config, daemons } = await policyStatus();
  const ways = [loginShell(), sudo(), sshCommand()];
  const compiled = readCompiled();
  const file = standardConfig();
  const packages = packagesOnHost();
  const newer = newerPackage(__dirname);
  const rights = wantedDropIn();
  const sudoers = rights.type === 'drop-in' ? stateOf(rights.wanted) : null;
  const seals = sealStates(process.env['PATH']);
  const problems = [
    ...(installed === null ? [`pm2-guard is not installed on this host; run:  ${wayToInstall(__dirname)}`] : []),
    ...(installed !== null && installed !== VERSION ? [`installed is ${installed}, this is ${compareVersions(installed, VERSION) > 0 ? `the older ${VERSION}` : `${VERSION}; run:  ${wayToInstall(__dirname)}`}`] : []),
    ...(newer === null ? [] : [`${newer.directory} is ${newer.version}, installed is ${VERSION}; run:  sudo pm2-guard install`]),
    ...(installed !== null && node === null ? [`${NODE_LINK} leads nowhere, so root's calls may find no node; run:  sudo pm2-guard install`] : []),
    ...(real.type === 'found' ? [] : [real.type === 'none' ? 'there is no pm2 on this host; run:  sudo npm install -g pm2' : `${real.bin} is not run as root: ${real.distrust.path} ${real.distrust.why}`]),
    ...(config.message === null ? [] : [config.message]),
    ...ways.flatMap(({ way, finds }) => (finds?.type === 'other' ? [`${way}: ${finds.path} comes first`] : finds?.type === 'none' ? [`${way}: finds no pm2`] : [])),
    ...seals.filter(({ state }) => state !== 'sealed' && state !== 'hidden').map((one) => `${one.package}: ${sealInWords(one)}; run:  sudo pm2-guard ${one.wished ? 'seal' : 'unseal'}`),
    ...(sudoers?.state === 'differs' ? [stateInWords(sudoers) ?? ''] : []),
  ];
  return {
    version: VERSION, installed, packages, node, config, daemons, ways, seals, sudoers, problems,
    pm2: real.type === 'found' ? { path: real.file, version: real.version } : null,
    compiled: compiled === null ? null : { fresh: file !== null && isFresh(compiled, file), made: compiled.made },
  };
}

async function policyStatus(): Promise<Pick<Status, 'config' | 'daemons'>> {
  // Asks as nobody in particular: to look must not refresh the compiled policy.
  const loaded = loadPolicy({ env: process.env, euid: -1, rootBySudo: isRootBySudo(process.geteuid?.() ?? -1, process.env) }, () => slow);
  if (loaded.type === 'unusable') return { config: { state: 'unusable', file: loaded.error.file, message: formatConfigError(loaded.error) }, daemons: [] };
  const daemons = await Promise.all(loaded.policy.daemons.map(async ({ name, user, home }) => {
    const reply = await askDaemon(rpcSocket(home), 'ping', {}, PATIENCE);
    const socket = ({ answered: 'live', dead: 'down', denied: 'denied', silent: 'silent', nonsense: 'silent' } as const)[reply.type];
    return { name, user, home, socket };
  }));
  const [warning = null] = loaded.warnings;
  return { config: { state: warning === null ? 'valid' : 'last good', file: loaded.policy.file, message: warning }, daemons };
}

/** By the system's own profile alone: what a user's ~/.profile makes of it is that user's. */
function loginShell(): Way {
  const { status, stdout } = spawnSync('/bin/sh', ['-l', '-c', 'printf "\\n%s" "$PATH"'], {
    cwd: '/', env: { HOME: '/nonexistent', PATH: '/usr/local/bin:/usr/bin:/bin' }, encoding: 'utf8', timeout: 5000, stdio: ['ignore', 'pipe', 'ignore'],
  });
  const path = stdout.split('\n').at(-1) ?? '';
  if (status !== 0 || path === '') return { way: 'login shell', path: null, finds: null, note: '/bin/sh -l did not tell its PATH' };
  return { way: 'login shell', path, finds: firstPm2(path), note: null };
}

function sudo(): Way {
  const secure = securePath();
  switch (secure.type) {
    case 'absent': return { way: 'sudo', path: null, finds: null, note: 'is not installed' };
    case 'unknown': return { way: 'sudo', path: null, finds: null, note: 'tells its secure_path to root only' };
    case 'none': return { way: 'sudo', path: null, finds: null, note: 'searches the caller\'s own PATH' };
    case 'set': return { way: 'sudo', path: secure.path, finds: firstPm2(secure.path), note: null };
  }
}

/** `ssh host pm2 ...`: no login shell; PAM's /etc/environment where it sets a PATH, else what sshd was built with. */
function sshCommand(): Way {
  let environment = '';
  try {
    environment = readFileSync('/etc/environment', 'utf8');
  } catch {
    // most systems have none
  }
  const path = /^\s*(?:export\s+)?PATH=["']?([^"'\n]*)/m.exec(environment)?.[1] ?? SSH_PATH;
  return { way: 'ssh command', path, finds: firstPm2(path), note: null };
}

