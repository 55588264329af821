import { isRecord, type Pm2Env } from '../pm2/record.ts';
import { plainIn, spawnText } from './records.ts';
import { STEERING } from './steering.ts';

/** Fields that a daemon changes while an app runs. They do not decide what runs. */
export const CHANGING_FIELDS = [
  'status',
  'pm_id',
  'pm_uptime',
  'created_at',
  'restart_time',
  'unstable_restarts',
  'unique_id',
  'exit_code',
  'prev_restart_delay',
  'version',
  'node_version',
  '_pm2_version',
  'vizion_running',
  'PM2_JSON_PROCESSING',
  'axm_actions',
  'axm_monitor',
  'axm_options',
  'axm_dynamic',
  'versioning',
  'command',
  '_tree_pids',
];

/** Fields of a process that its daemon's list never has: node adds the first two, and the list leaves the third out. */
const NEVER_LISTED = ['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'instances'];

/** Lists of PM2's own, which PM2 7 does not pass to the process. */
const NEVER_PASSED = ['filter_env', 'ignore_watch', 'watch', 'stop_exit_codes'];

/** Compared on its own, or, for `env`, variable by variable. */
const COMPARED_APART = ['args', 'node_args', 'env'];

/**
 * Whether a record of the list that a daemon wrote as it ended matches a process of the plan. The plan knew the
 * processes by their environments in /proc (find.ts childrenOf).
 * @param shown the processes of that name that were shown
 * @param exact another user could have replaced the list: all that decides what runs must be as shown
 */
export function isAsShown(record: Pm2Env, shown: readonly Pm2Env[], exact: boolean): boolean {
  return shown.some((one) => sameProgram(record, one) && (!exact || sameInAll(record, one)));
}

function sameProgram(record: Pm2Env, shown: Pm2Env): boolean {
  if (plainIn(record, 'pm_exec_path') !== plainIn(shown, 'pm_exec_path')) return false;
  return shown.args === undefined || wordsOf(record.args) === wordsOf(shown.args);
}

function sameInAll(record: Pm2Env, shown: Pm2Env): boolean {
  // /proc may lack the arguments, because node's title overwrites them.
  for (const words of ['args', 'node_args']) {
    if (shown[words] === undefined ? wordsOf(record[words]) !== '[]' : wordsOf(record[words]) !== wordsOf(shown[words]))
      return false;
  }
  const { env } = record;
  const decided: Pm2Env = { ...record, ...(isRecord(env) ? env : {}) };
  const isCompared = (field: string) => ![...CHANGING_FIELDS, ...COMPARED_APART].includes(field);
  return (
    Object.keys(decided)
      .filter(isCompared)
      .every((field) =>
        Object.hasOwn(shown, field) ? sameText(decided[field], shown[field]) : mayBeNew(field, decided[field]),
      ) &&
    Object.keys(shown)
      .filter(isCompared)
      .every((field) => Object.hasOwn(decided, field) || NEVER_LISTED.includes(field))
  );
}

/** PM2 adds objects to a record, such as one with the app's name. As a variable, an object has one fixed text. */
function mayBeNew(field: string, listed: unknown): boolean {
  return !STEERING.includes(field) && (isRecord(listed) || NEVER_PASSED.includes(field));
}

/** JSON has null for the numbers that it cannot say. */
function sameText(listed: unknown, shown: unknown): boolean {
  const text = spawnText(shown);
  return spawnText(listed) === text || (listed === null && ['NaN', 'Infinity', '-Infinity'].includes(text));
}

function wordsOf(value: unknown): string {
  return JSON.stringify(
    Array.isArray(value) ? value : value === undefined || value === null || value === '' ? [] : [value],
  );
}
