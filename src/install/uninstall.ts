import { basename, join } from 'node:path';
import { unseal } from '../seal/seals.ts';
import { OPERATORS_FILE } from '../sudoers/drop-in.ts';
import { ownership, strayFiles } from '../sudoers/file.ts';
import { listDirectory } from '../runtime/peek.ts';
import { rootCommandLine } from '../terminal/root-command.ts';
import { UserError } from '../terminal/user-error.ts';
import { unlinkCommand } from './command.ts';
import { emptyDirectory } from './empty.ts';
import { Ledger, statOrNone, type FileChange } from './ledger.ts';
import { layersBackwards } from './layers/layers.ts';
import { removeDropIn } from './layers/secure-path.ts';
import { removeMade } from './made.ts';
import { removeOwnPolicies } from './own-policies.ts';
import { packagesOnHost, wayToRemove } from './packages.ts';
import {
  ADOPT_DIRECTORY,
  CACHE_DIRECTORY,
  COMMAND_LINK,
  CONFIG_DIRECTORY,
  LIBRARY,
  STATE_DIRECTORY,
} from './places.ts';
import { withdrawShare } from './share.ts';
import { removeLeftOvers } from './left-overs.ts';

export interface Removal {
  changes: FileChange[];
  left: string[];
  problems: string[];
}

/** Keeps the config unless `purge` is set. Never touches PM2 itself. Continues after a failure and reports it. */
export function uninstall(purge: boolean, dry: boolean): Removal {
  if (process.geteuid?.() !== 0) throw new UserError('uninstall removes files of root', rootCommandLine('uninstall'));
  const ledger = new Ledger(dry);
  attempt(ledger, "PM2's own bin/pm2", () => {
    for (const { package: directory, outcome, fault } of unseal({
      paths: [],
      users: [],
      path: process.env['PATH'],
      dry,
    })) {
      ledger.note(
        join(directory, 'bin/pm2'),
        outcome === 'refused' ? 'refused' : 'updated',
        fault?.why ?? "is PM2's own file again",
      );
    }
  });
  // Remove the entry points first, so that no call finds half an installation.
  for (const layer of layersBackwards())
    attempt(ledger, layer.place, () => {
      layer.withdraw(ledger);
    });
  attempt(ledger, OPERATORS_FILE, () => {
    if (ownership() === 'ours') removeDropIn(ledger, OPERATORS_FILE);
  });
  for (const stray of strayFiles())
    attempt(ledger, stray, () => {
      ledger.remove(stray);
    });
  attempt(ledger, COMMAND_LINK, () => {
    unlinkCommand(ledger);
  });
  attempt(ledger, '/usr/local/share', () => {
    withdrawShare(ledger);
  });
  attempt(ledger, '/usr/local/share', () => {
    removeMade(ledger);
  });
  attempt(ledger, '/etc', () => {
    removeLeftOvers(ledger);
  });
  attempt(ledger, 'compiled policies of users', () => {
    removeOwnPolicies(ledger);
  });
  attempt(ledger, LIBRARY, () => {
    ledger.remove(LIBRARY);
  });
  const cutOff = journals();
  attempt(ledger, STATE_DIRECTORY, () => {
    if (cutOff.length === 0) ledger.remove(STATE_DIRECTORY);
    else emptyDirectory(ledger, STATE_DIRECTORY, (name) => name === basename(ADOPT_DIRECTORY));
  });
  attempt(ledger, CACHE_DIRECTORY, () => {
    emptyDirectory(ledger, CACHE_DIRECTORY);
    if (statOrNone(CACHE_DIRECTORY)?.isDirectory() === true) ledger.removeEmpty(CACHE_DIRECTORY);
    else ledger.remove(CACHE_DIRECTORY);
  });
  attempt(ledger, CONFIG_DIRECTORY, () => {
    if (purge) ledger.remove(CONFIG_DIRECTORY);
    else ledger.removeEmpty(CONFIG_DIRECTORY);
  });
  const config =
    !ledger.isRemoved(CONFIG_DIRECTORY) && statOrNone(CONFIG_DIRECTORY) !== null
      ? [`${CONFIG_DIRECTORY} (the config; to remove it: pm2-guard uninstall --purge)`]
      : [];
  const journal = cutOff.map(
    (file) => `${file} (an app was being moved, and may be stopped: install again, then pm2-guard adopt --resume)`,
  );
  const packages = packagesOnHost().map((one) => `${one.directory} (the package; to remove it: ${wayToRemove(one)})`);
  return {
    changes: ledger.changes,
    left: [...journal, ...packages, ...config],
    problems: ledger.changes
      .filter(({ outcome }) => outcome === 'refused')
      .map(({ path, note }) => `${path} ${note ?? ''}`),
  };
}

/** Adoptions that were cut off. They hold the only record of an app that was stopped in its old daemon. */
function journals(): string[] {
  return listDirectory(ADOPT_DIRECTORY, MOST_JOURNALS)
    .filter((name) => name.endsWith('.journal'))
    .map((name) => join(ADOPT_DIRECTORY, name));
}

const MOST_JOURNALS = 1000;

function attempt(ledger: Ledger, place: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    ledger.note(place, 'refused', `stays: ${error instanceof Error ? error.message : String(error)}`);
  }
}
