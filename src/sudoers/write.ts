import { lchownSync, lstatSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { asFileStats } from '../runtime/brands.ts';
import { packageCommand } from '../terminal/package-command.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { UserError } from '../terminal/user-error.ts';
import { findUntrusted } from '../trust/trust.ts';
import { replaceFile } from '../trust/write.ts';
import { OPERATORS_FILE, type DropIn } from './drop-in.ts';
import { isInOrder, ownership, strayFiles, writeCommand, writtenText } from './file.ts';
import type { Grant } from './grants.ts';
import { SHIM } from './line.ts';
import { groupByName } from '../identity/accounts.ts';
import { isAllowed } from './listing.ts';
import { faultOfText, mainSudoers, sudoersFault } from './visudo.ts';

export type Written = 'created' | 'updated' | 'unchanged' | 'removed' | 'not needed';

/**
 * Writes or removes the operators' rules. Checks the text alone, with all other sudoers before the rename, and once
 * more afterwards: sudo must never read a broken file.
 *
 * @throws UserError with nothing changed: not root, no visudo, broken sudoers, another's file
 */
export function writeDropIn(wanted: DropIn): Written {
  if (process.geteuid?.() !== 0)
    throw new UserError(`only root may write ${OPERATORS_FILE}`, rootCommandLine('sudoers', '--write'));
  const whose = ownership();
  if (whose === 'foreign')
    throw new UserError(`${OPERATORS_FILE} was not written by pm2-guard, and is left as it is`, writeCommand());
  if (whose === 'absent' && !wanted.needed) return 'not needed';
  const before = writtenText();
  // a manual edit broke the file; this write repairs it
  const broken = before !== null && (!hasRightMode() || faultOfText(before) !== null);
  requireOrder(broken);
  for (const stray of strayFiles()) rmSync(stray, { force: true });
  if (!wanted.needed) {
    rmSync(OPERATORS_FILE);
    proveOrder(before);
    return 'removed';
  }
  if (before === wanted.text && hasRightMode()) {
    requireEffect(wanted);
    return 'unchanged';
  }
  // Check it with the current sudoers, by inclusion.
  const fault = faultOfText(wanted.text) ?? (broken ? null : faultOfText(`#include ${mainSudoers()}\n${wanted.text}`));
  if (fault !== null)
    throw new UserError(`nothing was changed: sudo would not accept the rules: ${fault}`, 'pm2-guard sudoers');
  put(wanted.text);
  proveOrder(before);
  requireEffect(wanted);
  return before === null ? 'created' : 'updated';
}

/** Root may have come by sudo, and pastes the line as another user. */
function asRoot(...words: string[]): string {
  return commandLineHere(['sudo', ...words]);
}

/** Never add to broken sudoers: the cause would be unclear, and sudo may be the only access to root. */
function requireOrder(broken: boolean): void {
  const directory = findUntrusted(dirname(OPERATORS_FILE), 'directory');
  if (directory !== null)
    throw new UserError(
      `nothing was changed: ${directory.path} ${directory.why}`,
      directory.kind === 'missing'
        ? quoteCommand(packageCommand('sudo'))
        : `${asRoot('chown', 'root', directory.path)} && ${asRoot('chmod', 'go-w', directory.path)}`,
    );
  const fault = broken ? null : sudoersFault();
  if (fault !== null)
    throw new UserError(`nothing was changed: sudoers is not in order: ${fault}`, asRoot('visudo', '-c'));
}

/** Restores the old file if sudoers is now broken. */
function proveOrder(before: string | null): void {
  const fault = sudoersFault();
  if (fault === null) return;
  if (before === null) rmSync(OPERATORS_FILE, { force: true });
  else put(before);
  throw new UserError(
    `everything is as it was: with the change, sudoers is not in order: ${fault}`,
    asRoot('visudo', '-c'),
  );
}

/** Asks sudo itself: only sudo knows which files it reads, in which order. */
function requireEffect({ grants }: DropIn): void {
  for (const grant of grants) {
    const without = personsOf(grant).find((name) => isAllowed(name, grant.user, SHIM) === false);
    if (without === undefined) continue;
    throw new UserError(
      `${OPERATORS_FILE} is written and has no effect: sudo does not let ${without} run pm2 as ${grant.user}. ` +
        `${mainSudoers()} does not include /etc/sudoers.d (it needs the line "@includedir /etc/sudoers.d"), or a ` +
        'later rule takes the right away',
      asRoot('visudo'),
    );
  }
}

/** Operators, and one member of each group. Each costs 10 ms. */
function personsOf({ operators }: Grant): string[] {
  const names = operators.map(({ name }) => (name.startsWith('%') ? groupByName(name.slice(1))?.members[0] : name));
  return names.filter((name) => name !== undefined).slice(0, 20);
}

function put(text: string): void {
  replaceFile(OPERATORS_FILE, text, 0o440);
  // a set-group-ID directory gives its own group
  if (lstatSync(OPERATORS_FILE).gid !== 0) lchownSync(OPERATORS_FILE, 0, 0);
}

function hasRightMode(): boolean {
  const { uid, gid, mode } = asFileStats(lstatSync(OPERATORS_FILE));
  return isInOrder(uid, gid, mode);
}
