import { createHash } from 'node:crypto';
import { accountByUid } from '../identity/accounts.ts';
import { isRecord, type Pm2Env } from '../pm2/record.ts';
import { NO_UID, type Uid } from '../runtime/brands.ts';
import { statOf } from '../runtime/peek.ts';
import { findUntrusted } from '../trust/trust.ts';
import { CHANGING_FIELDS } from './as-shown.ts';
import type { AppSource } from './find.ts';
import type { Move } from './move.ts';
import { spawnText } from './records.ts';
import { STEERING } from './steering.ts';

/**
 * What a person must accept before a move that runs an app as one user although another user, not root, decides what
 * that app is. That user also chooses its name, and so what doctor prints. Therefore a name on the command line and
 * --yes are no consent. Only an answer to the shown plan is, or its digest.
 */
export interface Consent {
  /** The users who decide what would run. */
  users: string[];
  /** Covers all that the new daemon is given of the apps: commands, directories, and the whole records. */
  digest: string;
  /** The digest was given on the command line. */
  given: boolean;
}

/** Uids except root's that decide what a source says of its apps: the daemon's and the directory owner's. */
export function usersWhoDecide({ foreign, seat, keeper }: Pick<AppSource, 'foreign' | 'seat' | 'keeper'>): Uid[] {
  if (!foreign) return [];
  return [...new Set([seat?.uid ?? NO_UID, keeper?.uid ?? NO_UID])].filter((uid) => uid !== 0);
}

/** Null: no other user decides what would run. */
export function consentFor(move: Move, place: AppSource): Consent | null {
  const others = usersWhoDecide(place).filter((uid) => uid !== move.to.uid);
  if (others.length === 0 || move.apps.every(({ twin }) => twin)) return null;
  return { users: others.map((uid) => accountByUid(uid)?.name ?? `uid ${uid}`), digest: digestOf(move), given: false };
}

/** All that the new daemon is given: it passes the whole record to the process as its environment, not just `env`. */
function digestOf({ apps, from, to }: Move): string {
  const what = apps.map(({ name, processes }) => [
    name,
    processes.map(({ running, after }) => [running, decidingPart(after)]),
  ]);
  return createHash('sha256')
    .update(JSON.stringify(inFixedOrder([from.pm2Home, to.label, what])))
    .digest('hex')
    .slice(0, 20);
}

/** Without what a daemon changes by itself, as the number that it gives each start. */
function decidingPart(record: Pm2Env): Pm2Env {
  const { env } = record;
  return {
    ...without(record, CHANGING_FIELDS),
    ...(isRecord(env) ? { env: without(env, ['unique_id']) } : {}),
  };
}

function without(record: Pm2Env, fields: readonly string[]): Pm2Env {
  return Object.fromEntries(Object.entries(record).filter(([field]) => !fields.includes(field)));
}

function inFixedOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inFixedOrder);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([field, part]) => [field, inFixedOrder(part)]),
  );
}

/** Everything besides the command line that decides what would run, for the plan. */
export function steeringOf({ apps, to }: Move): string[] {
  const lines = apps.flatMap(({ processes }) =>
    processes.flatMap(({ after }) => {
      const script = spawnText(after.pm_exec_path);
      const owner = statOf(script)?.uid;
      return [
        // The record has the variables of its `env`, and may have more.
        ...STEERING.map((name) => [name, spawnText(after[name])] as const)
          .filter(([name, value]) => isUnusual(name, value))
          .map(([name, value]) => `${name}=${value}`),
        ...(owner === undefined || owner === 0 || owner === to.uid
          ? []
          : [`${accountByUid(owner)?.name ?? `uid ${owner}`} owns ${script}, and can change it at any time`]),
      ];
    }),
  );
  return [...new Set(lines)];
}

/** A PATH is unusual if users other than root can put a program into it. */
function isUnusual(name: string, value: string): boolean {
  if (name !== 'PATH') return value !== '';
  return value.split(':').some((directory) => {
    const fault = findUntrusted(directory, 'directory');
    return fault !== null && fault.kind !== 'missing';
  });
}
