import { join } from 'node:path';
import type { BootScript } from '../host/boot/boot-scripts.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Pm2HomeFacts } from '../host/homes/home-facts.ts';
import { pm2HomeOfUnit } from '../host/homes/homes.ts';
import type { UnclearStart } from '../host/boot/unit-start.ts';
import { wordOfUnit, type Unit } from '../host/boot/units.ts';
import { defaultPm2Home } from '../pm2/home.ts';
import { asPm2Home, type Pm2Home, type Uid } from '../runtime/brands.ts';
import { ROOT, type Word } from '../trust/word.ts';
import { retireCommands } from './unit-words.ts';

/** A unit or boot script that starts a daemon at boot. */
export interface Boot {
  /** Shown to people: `pm2-root.service`, `/etc/init.d/pm2-root`. */
  name: string;
  /** Of rc.local with the line: `/etc/rc.local:3`. */
  file: string;
  user: string;
  pm2Home: Pm2Home;
  enabled: boolean;
  /** The user whose statement this is. */
  word: Word;
  /** Commands that stop it from starting the daemon. */
  retire: string[][];
}

export function allUnits({ units, boot }: HostFacts): Unit[] {
  return [...units, ...boot.userUnits];
}

export function bootsOf(facts: HostFacts): Boot[] {
  return [
    ...allUnits(facts).map((unit) => ({
      name: unit.name,
      file: unit.file,
      user: userOfUnit(unit),
      pm2Home: pm2HomeOfUnit(unit),
      enabled: unit.enabled,
      word: wordOfUnit(unit),
      retire: retireCommands(unit),
    })),
    ...facts.boot.scripts.flatMap((script) => bootOfScript(script, facts) ?? []),
  ];
}

/** Null: its user has no PM2_HOME on this host, so it starts nothing. */
function bootOfScript({ file, user, pm2Home, enabled, line }: BootScript, facts: HostFacts): Boot | null {
  const name = user ?? 'root';
  const started = pm2Home === null ? usualPm2Home(name, facts) : asPm2Home(pm2Home);
  if (started === null) return null;
  return {
    name: file,
    file: line === null ? file : `${file}:${line}`,
    user: name,
    pm2Home: started,
    enabled,
    word: ROOT,
    // `:` keeps an `if` around the line valid.
    retire: [
      line === null
        ? ['sudo', 'mv', file, join('/var/backups', file.replaceAll('/', '-').slice(1))]
        : ['sudo', 'sed', '-i', `${line}s/^/: # /`, file],
    ],
  };
}

function usualPm2Home(user: string, { pm2Homes }: HostFacts): Pm2Home | null {
  const found = pm2Homes.find(
    ({ pm2Home, owner }) => owner?.name === user && pm2Home === defaultPm2Home(owner.homeDirectory),
  );
  return found?.pm2Home ?? (user === 'root' ? asPm2Home('/root/.pm2') : null);
}

/** What is enabled, runs pm2, and may start a daemon of this user at boot: which one is not known. */
export function unclearStarts(uid: Uid | null, { boot }: HostFacts): UnclearStart[] {
  return boot.unclear.filter(({ enabled, account }) => enabled && (account === null || [0, uid].includes(account.uid)));
}

/** The user's name, also where `User=` is a number. */
export function userOfUnit({ user, manager, account }: Unit): string {
  return account?.name ?? user ?? manager ?? 'root';
}

export function pm2HomeAt(path: string, { pm2Homes }: HostFacts): Pm2HomeFacts | undefined {
  return pm2Homes.find(({ pm2Home }) => pm2Home === path);
}

export function isSamePm2Home(one: string, other: string, facts: HostFacts): boolean {
  const physical = pm2HomeAt(one, facts)?.physical;
  return one === other || (physical != null && physical === pm2HomeAt(other, facts)?.physical);
}
