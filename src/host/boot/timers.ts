import { realpathSync } from 'node:fs';
import { readRegularFile } from '../../trust/read.ts';
import type { UnitNames } from './unit-names.ts';
import { filledIn, specifiersOf, type Manager } from './unit-specifiers.ts';
import { settingsOf, type UnitSetting } from './unit-syntax.ts';

const MAX_BYTES = 1 << 16;
/** Relative to the boot or to the start of the manager (systemd.timer(5)). A calendar does not start it at boot. */
const AT_BOOT = ['OnBootSec', 'OnStartupSec', 'OnActiveSec'];

/** Names of services and of instances that enabled timers start at boot. Drop-ins of timers are not read. */
export function startedByTimers({ timers, wanted, services }: UnitNames, manager: Manager): Set<string> {
  const exists = (service: string) => services.has(service) || services.has(service.replace(/@.+/, '@.service'));
  const started = new Set<string>();
  for (const [name, file] of timers) {
    for (const timer of enabledOf(name, wanted)) {
      const target = startedAtBoot(settingsOf(textOf(file, manager), 'Timer').settings, timer, manager);
      if (target !== null && exists(target)) started.add(target);
    }
  }
  return started;
}

/** The timer, or the instances of a template. */
function enabledOf(name: string, wanted: ReadonlySet<string>): string[] {
  if (!name.endsWith('@.timer')) return wanted.has(name) ? [name] : [];
  const prefix = name.slice(0, -'.timer'.length);
  return [...wanted].filter((one) => one.startsWith(prefix) && one.endsWith('.timer') && one !== name);
}

/** The service that a timer starts at boot; null: none, or it is not known here. */
function startedAtBoot(settings: readonly UnitSetting[], timer: string, manager: Manager): string | null {
  let isAtBoot = false;
  // An empty one resets those of each kind.
  for (const { key, value } of settings)
    if (/^On[A-Z]\w+$/.test(key)) isAtBoot = value !== '' && (isAtBoot || AT_BOOT.includes(key));
  if (!isAtBoot) return null;
  const service = timer.replace(/\.timer$/, '.service');
  const named = settings.filter(({ key }) => key === 'Unit').at(-1)?.value ?? '';
  return filledIn(named === '' ? service : named, specifiersOf(service, manager));
}

function textOf(file: string, manager: Manager): string {
  try {
    return readRegularFile(manager === null ? realpathSync.native(file) : file, MAX_BYTES).toString('utf8');
  } catch {
    return '';
  }
}
