import { realpathSync } from 'node:fs';
import { readRegularFile } from '../../trust/read.ts';
import type { UnitNames } from './unit-names.ts';
import { filledIn, specifiersOf, type Manager } from './unit-specifiers.ts';
import { settingsOf } from './unit-syntax.ts';

const MAX_BYTES = 1 << 16;
/** Relative to the boot or to the start of the manager (systemd.timer(5)). A calendar does not start it at boot. */
const AT_BOOT = ['OnBootSec', 'OnStartupSec', 'OnActiveSec'];

/** Names of services that enabled timers start at boot. Drop-ins of timers are not read. */
export function startedByTimers({ timers, wanted, services }: UnitNames, manager: Manager): Set<string> {
  const started = new Set<string>();
  for (const [name, file] of timers) {
    if (!wanted.has(name)) continue;
    const { settings } = settingsOf(textOf(file, manager), 'Timer');
    let isAtBoot = false;
    // An empty one resets those of each kind.
    for (const { key, value } of settings)
      if (/^On[A-Z]\w+$/.test(key)) isAtBoot = value !== '' && (isAtBoot || AT_BOOT.includes(key));
    const service = name.replace(/\.timer$/, '.service');
    const named = settings.filter(({ key }) => key === 'Unit').at(-1)?.value ?? '';
    const target = filledIn(named === '' ? service : named, specifiersOf(service, manager));
    if (isAtBoot && target !== null && services.has(target)) started.add(target);
  }
  return started;
}

function textOf(file: string, manager: Manager): string {
  try {
    return readRegularFile(manager === null ? realpathSync.native(file) : file, MAX_BYTES).toString('utf8');
  } catch {
    return '';
  }
}
