import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { mayExecute, realpathOrNull } from '../runtime/peek.ts';
import { becomeRootBy, type WayToRoot } from '../terminal/root-command.ts';
import { replaceFile } from '../trust/write.ts';
import { COMMAND_LINK, LIBRARY, RECORD } from './places.ts';
import { readInstall, recordText, type Install } from './record.ts';
import { askSecurePath, type SecurePath } from './sudo.ts';

/** Null: only root can tell. */
export function wayToRootOf(secure: SecurePath): WayToRoot | null {
  switch (secure.type) {
    case 'hidden':
      return null;
    case 'none':
      return 'sudo';
    case 'unknown':
      return byPath();
    case 'set':
      return findsCommand(secure.path) && findsPm2(secure.path) ? 'sudo' : byPath();
    case 'absent':
      if (existsSync('/usr/bin/doas') && existsSync('/etc/doas.conf')) return 'doas';
      return existsSync('/usr/bin/run0') && existsSync('/run/systemd/system') ? 'run0' : 'root';
  }
}

/** Before an install there is no file to name. */
function byPath(): WayToRoot {
  return existsSync(COMMAND_LINK) ? 'sudo by path' : 'sudo';
}

function findsPm2(path: string): boolean {
  return path.split(':').some((directory) => mayExecute(join(directory, 'pm2')));
}

/** Whether the first pm2-guard there is the installed one, or the package's that leads to it. */
function findsCommand(path: string): boolean {
  const first = path
    .split(':')
    .map((directory) => realpathOrNull(join(directory, 'pm2-guard')))
    .find((file) => file !== null);
  return first !== undefined && (first.startsWith(LIBRARY + sep) || first === realpathOrNull(COMMAND_LINK));
}

/** Asks sudo which command leads to root, for the messages of this process. Null: only root can ask. */
export async function learnWayToRoot(): Promise<WayToRoot | null> {
  const way = wayToRootOf(await askSecurePath());
  if (way !== null) becomeRootBy(way);
  return way;
}

/** Writes it into the install record, for messages to users who cannot ask sudo. Does nothing unless root calls it. */
export async function recordWayToRoot(): Promise<void> {
  const way = await learnWayToRoot();
  const record = readInstall();
  if (way === null || record === null || record.wayToRoot === way) return;
  replaceFile(RECORD, recordText({ ...(record as Install), wayToRoot: way }), 0o644);
}
