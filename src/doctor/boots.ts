import { join } from 'node:path';
import type { HostFacts } from '../host/facts.ts';
import type { Pm2HomeFacts } from '../host/home-facts.ts';
import { homeOfUnit } from '../host/homes.ts';
import { wordOfUnit, type Unit } from '../host/units.ts';
import { ROOT, type Word } from '../trust/word.ts';
import { retire } from './unit-words.ts';

/** Something that brings up a daemon in a home at boot. */
export interface Boot {
  /** For people: `pm2-root.service`, `/etc/init.d/pm2-root`. */
  name: string;
  file: string;
  user: string;
  home: string;
  enabled: boolean;
  /** Whose word it is. */
  word: Word;
  /** Commands after which it does so no longer. */
  retire: string[][];
}

export function allUnits({ units, boot }: HostFacts): Unit[] {
  return [...units, ...boot.userUnits];
}

/** Units and boot scripts of one shape. */
export function bootsOf(facts: HostFacts): Boot[] {
  return [
    ...allUnits(facts).map((unit) => ({
      name: unit.name,
      file: unit.file,
      user: userOfUnit(unit),
      home: homeOfUnit(unit),
      enabled: unit.enabled,
      word: wordOfUnit(unit),
      retire: retire(unit),
    })),
    ...facts.boot.scripts.map(({ file, user, home, enabled }) => ({
      name: file,
      file,
      user: user ?? 'root',
      enabled,
      word: ROOT,
      home:
        home ??
        facts.homes.find(({ owner }) => owner?.name === (user ?? 'root') && owner.evidence === 'passwd')?.home ??
        '/root/.pm2',
      retire: [['sudo', 'mv', file, join('/var/backups', file.replaceAll('/', '-').slice(1))]],
    })),
  ];
}

/** By name, where User= is a number, too. */
export function userOfUnit({ user, manager, account }: Unit): string {
  return account?.name ?? user ?? manager ?? 'root';
}

/** One home by two names is one. */
export function homeCalled(path: string, { homes }: HostFacts): Pm2HomeFacts | undefined {
  return homes.find(({ home }) => home === path);
}

export function isSameHome(one: string, other: string, facts: HostFacts): boolean {
  const physical = homeCalled(one, facts)?.physical;
  return one === other || (physical != null && physical === homeCalled(other, facts)?.physical);
}
