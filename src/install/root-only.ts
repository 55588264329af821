import { existsSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { groupByGid } from '../identity/accounts.ts';
import { repairsOfPm2 } from '../pm2/give-to-root.ts';
import { partsThatRootRuns, type RealPm2 } from '../pm2/installed.ts';
import { statOf } from '../runtime/peek.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';
import { allFaults, repairsOf } from '../trust/all-faults.ts';
import type { Distrust } from '../trust/trust.ts';
import { LAYERS } from './layers/layers.ts';
import { CACHE_DIRECTORY, COMMAND_LINK, CONFIG_FILE, LIBRARY, PROFILE, STATE_DIRECTORY } from './places.ts';
import { SHARED_PLACES } from './share.ts';

/** Every installation needs these. */
const NEEDED = [LIBRARY, COMMAND_LINK, PROFILE, CONFIG_FILE, STATE_DIRECTORY, CACHE_DIRECTORY];

/** Group that owned /usr/local until Debian 12; upgrades keep it (Debian policy 9.1.2, base-files). */
const STAFF = 'staff';
const STAFF_SWITCH = '/etc/staff-group-for-usr-local';

/**
 * Others could replace what root runs if they could write to one of its parent directories. Reports all of them at
 * once, including those of the real pm2 and of optional parts.
 *
 * @throws UserError for a directory that every installation needs
 */
export function requireRootOwned(pm2: RealPm2): void {
  if (allFaults(directoriesOf(NEEDED)).length === 0) return;
  const optional = [...LAYERS.map(({ place }) => place), ...SHARED_PLACES];
  const parts = pm2.type === 'untrusted' ? partsThatRootRuns(pm2) : [];
  const files = parts.map((path) => ({ path, type: 'file' as const }));
  const faults = withoutSame(allFaults([...directoriesOf([...NEEDED, ...optional]), ...files]));
  const ofPackage =
    pm2.type === 'untrusted' ? repairsOfPm2(pm2, pm2.distrust).filter((words) => words.includes('-R')) : [];
  throw new UserError(
    [
      'nothing was installed: users other than root can replace files that root would run',
      ...faultLines(faults).map((line) => `  ${line}`),
    ].join('\n'),
    repairInWords([...repairsOf(faults, 'root'), ...ofPackage]),
    1,
    'fix',
  );
}

export function faultLines(faults: readonly Distrust[]): string[] {
  const lines = [...faults].sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, why }) => `${path} ${why}`);
  return faults.some(isDebiansHabit)
    ? [
        ...lines,
        `On Debian the group ${STAFF} may write to /usr/local. New directories there get this group while`,
        `${STAFF_SWITCH} exists. To stop that:  rm ${STAFF_SWITCH}`,
      ]
    : lines;
}

/** One line to paste, with sudo if the caller used it. Null: no command repairs it. */
export function repairInWords(commands: readonly (readonly string[])[]): string | null {
  const sudo = process.env['SUDO_UID'] === undefined ? [] : ['sudo'];
  return commands.length === 0 ? null : commands.map((words) => quoteCommand([...sudo, ...words])).join(' && ');
}

/** Drops faults below a directory with the same wrong owner. */
function withoutSame(faults: readonly Distrust[]): Distrust[] {
  return faults.filter(
    ({ kind, path, why }) =>
      !faults.some(
        (other) => kind === 'owner' && other.kind === kind && other.why === why && path.startsWith(other.path + sep),
      ),
  );
}

function isDebiansHabit({ kind, path }: Distrust): boolean {
  if (kind !== 'writable' || !(path === '/usr/local' || path.startsWith('/usr/local/'))) return false;
  const gid = statOf(path)?.gid;
  return gid !== undefined && groupByGid(gid)?.name === STAFF && existsSync('/etc/debian_version');
}

function directoriesOf(places: readonly string[]) {
  return places.map((place) => ({ path: dirname(place), type: 'directory' as const }));
}
