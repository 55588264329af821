import { dirname } from 'node:path';
import type { Account } from '../identity/accounts.ts';
import { CRON_PATH } from '../host/boot/crontabs.ts';
import { appCures, offCure, pathCures, sealCure } from './cures.ts';
import type { Pm2Path } from './pm2-paths.ts';
import type { ProbeAnswer } from './probe.ts';
import type { PathOrigin, WayIn } from './way.ts';

/** `gap`: another pm2 runs, or an expected one is missing. `note`: only sealing helps, or unused and no pm2 found. */
export type WayState = 'covered' | 'gap' | 'note' | 'unknown';

export interface VerifyFinding {
  way: string;
  user: string;
  target: string | null;
  state: WayState;
  answers: 'guard' | 'pm2' | 'other' | 'nothing' | null;
  path: string | null;
  version: string | null;
  /** Why it is not covered, or the alias in between. */
  why: string | null;
  /** Alternatives; the best first. */
  cures: string[];
}

/** @param systemGuarded by shell: whether the system's startup files lead to the guard */
export function findingOf(
  { way, user, target, origin, used }: WayIn,
  answer: ProbeAnswer,
  systemGuarded: ReadonlyMap<string, boolean>,
): VerifyFinding | null {
  const finding = {
    way,
    user: user.name,
    target: target?.name ?? null,
    path: 'path' in answer ? answer.path : null,
    version: null,
    why: null,
    cures: [],
  };
  switch (answer.type) {
    case 'refused':
      return null;
    case 'guard':
      return { ...finding, state: 'covered', answers: 'guard', why: answer.through };
    case 'unknown':
      return { ...finding, state: 'unknown', answers: null, why: answer.why };
    case 'off':
      return {
        ...finding,
        state: 'gap',
        answers: 'guard',
        why: 'PM2_GUARD=off is set there, which tells the guard to keep out',
        cures: [offCure(user)],
      };
    case 'nothing':
      return {
        ...finding,
        state: used ? 'gap' : 'note',
        answers: 'nothing',
        why: 'no pm2 in its PATH',
        cures: pathCures(origin, user, true),
      };
    case 'pm2':
    case 'other': {
      const own = answer.through !== null || isOwn(origin, user, answer.path, systemGuarded);
      return {
        ...finding,
        state: 'gap',
        answers: answer.type,
        version: answer.type === 'pm2' ? answer.version : null,
        why: answer.through ?? whyOf(origin, user, answer.path, own),
        cures: [sealCure(answer.path, user), ...(answer.through === null ? pathCures(origin, user, own) : [])],
      };
    }
  }
}

/** No PATH can fix a full path. @param user null: owner without an account */
export function findingOfPath({ path, links, app }: Pm2Path, user: Account | null, answer: ProbeAnswer): VerifyFinding {
  const base = { way: path, user: user?.name ?? '?', target: null, path, version: null, cures: [] as string[] };
  const also = links.length > 0 ? `also ${links.join(', ')}` : null;
  switch (answer.type) {
    case 'guard':
      return { ...base, state: 'covered', answers: 'guard', why: also };
    case 'pm2': {
      const why =
        app !== null
          ? `${app} has its own: npx pm2 and npm's scripts find it first`
          : links.some((link) => link.endsWith('/bin/pm2'))
            ? 'a path goes past every PATH, and npx pm2 takes this one where a project has none'
            : 'a path goes past every PATH';
      return {
        ...base,
        state: 'note',
        answers: 'pm2',
        version: answer.version,
        why: [why, also].filter((part) => part !== null).join('; '),
        cures: app === null ? [sealCure(path, user)] : appCures(directoryOfApp(links, path)),
      };
    }
    case 'other':
      return {
        ...base,
        state: 'note',
        answers: 'other',
        why: ['neither pm2-guard nor PM2', also].filter((part) => part !== null).join('; '),
      };
    case 'off':
    case 'nothing':
    case 'refused':
      return { ...base, state: 'unknown', answers: null, why: 'it did not answer' };
    case 'unknown':
      return { ...base, state: 'unknown', answers: null, why: answer.why };
  }
}

function directoryOfApp(links: readonly string[], path: string): string {
  return /^(.*)\/node_modules\//.exec(links[0] ?? path)?.[1] ?? '.';
}

/** Whether the user caused it: a pm2 in the home directory, or startup files that override the system's PATH. */
function isOwn(origin: PathOrigin, user: Account, path: string, systemGuarded: ReadonlyMap<string, boolean>): boolean {
  return (
    path.startsWith(`${user.homeDirectory}/`) ||
    (origin.type === 'shell' && origin.login && systemGuarded.get(origin.shell) === true)
  );
}

function whyOf(origin: PathOrigin, user: Account, path: string, own: boolean): string {
  const directory = dirname(path);
  switch (origin.type) {
    case 'shell': {
      if (own) return `${user.name}'s startup files put ${directory} before the guard`;
      return origin.login
        ? `the system's startup files leave ${directory} before the guard`
        : `the PATH that it is started with has ${directory} first`;
    }
    case 'ssh':
      return own
        ? `${user.name}'s startup files put ${directory} before the guard`
        : `the PATH that sshd gives has ${directory} first`;
    case 'sudo':
      return `the PATH of sudo has ${directory} first`;
    case 'becoming':
      return `${origin.program} searches the PATH of ${user.name}, which has ${directory} first`;
    case 'caller':
      return `the PATH that root has at a login has ${directory} first`;
    case 'cron':
      return origin.table === null ? `cron's PATH is ${CRON_PATH}` : `its PATH is ${origin.table.path}`;
    case 'systemd':
      return `the PATH of ${origin.service ?? 'services'} has ${directory} first`;
    case 'container':
      return `the PATH of the image has ${directory} first`;
    case 'none':
      return `the PATH that /bin/sh was built with has ${directory} first`;
  }
}
