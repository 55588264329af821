import { existsSync } from 'node:fs';
import { runProgram } from '../../runtime/run-program.ts';
import { findUntrusted } from '../../trust/trust.ts';
import { isBooted } from './systemctl.ts';

/** What systemd itself has read from a unit, with all specifiers filled in. */
export interface LoadedUnit {
  user: string | null;
  env: ReadonlyMap<string, string>;
  unset: readonly string[];
  envFiles: readonly string[];
  isDynamic: boolean;
  /** The words of each ExecStart=. */
  starts: readonly (readonly string[])[];
}

/** Of the package of systemctl. */
const BUSCTL = '/usr/bin/busctl';

/**
 * Asks the running systemd. Null: it or D-Bus does not run, its busctl knows no JSON (before 240), or the unit's files
 * have changed since systemd read them, so that the next boot differs.
 */
export function loadedUnit(name: string): LoadedUnit | null {
  if (!isBooted() || !existsSync(BUSCTL) || findUntrusted(BUSCTL, 'file') !== null) return null;
  const { status, stdout } = runProgram(
    BUSCTL,
    [
      '--json=short',
      'call',
      'org.freedesktop.systemd1',
      `/org/freedesktop/systemd1/unit/${labelOf(name)}`,
      'org.freedesktop.DBus.Properties',
      'GetAll',
      's',
      '',
    ],
    { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' }, encoding: 'utf8', timeout: 3000 },
  );
  return status === 0 ? unitIn(stdout) : null;
}

/** @param answer of busctl: the properties with their D-Bus types */
export function unitIn(answer: string): LoadedUnit | null {
  let value: Record<string, { data: unknown } | undefined>;
  try {
    const [properties] = (JSON.parse(answer) as { data: [typeof value] }).data;
    value = properties;
  } catch {
    return null;
  }
  const data = (key: string) => value[key]?.data;
  if (data('LoadState') !== 'loaded' || data('NeedDaemonReload') !== false) return null;
  const user = data('User');
  return {
    user: typeof user === 'string' && user !== '' ? user : null,
    isDynamic: data('DynamicUser') === true,
    env: new Map(
      strings(data('Environment')).map((word) => {
        const at = word.indexOf('=');
        return [word.slice(0, at), word.slice(at + 1)] as const;
      }),
    ),
    unset: strings(data('UnsetEnvironment')),
    envFiles: lists(data('EnvironmentFiles')).map(([path]) => String(path)),
    // A structure: path, words, whether failure is ignored, and times.
    starts: lists(data('ExecStart')).map(([path, words]) => [String(path), ...strings(words).slice(1)]),
  };
}

function lists(data: unknown): unknown[][] {
  return Array.isArray(data) ? data.filter((one): one is unknown[] => Array.isArray(one)) : [];
}

function strings(data: unknown): string[] {
  return Array.isArray(data) ? data.filter((one): one is string => typeof one === 'string') : [];
}

/** sd_bus_path_encode(3) */
function labelOf(name: string): string {
  return name.replace(/^[0-9]|[^A-Za-z0-9]/g, (byte) => `_${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
