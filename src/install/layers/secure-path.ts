import { readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { faultOfText, sudoersFault, visudoHere } from '../../sudoers/visudo.ts';
import { replaceFile } from '../../trust/write.ts';
import { firstPm2, pendingLinks, type Find } from '../finds.ts';
import { statOrNone, type Ledger } from '../ledger.ts';
import { isOthers } from '../ours.ts';
import { COMMAND_LINK, OURS, SHIMS, SUDOERS } from '../places.ts';
import { securePath } from '../sudo.ts';
import type { Layer } from './layer.ts';

export const sudo: Layer = {
  name: 'sudo',
  reaches: 'sudo pm2, by its secure_path',
  place: SUDOERS,
  byDefault: true,
  apply: writeWhereNeeded,
  withdraw: (ledger) => {
    if (statOrNone(SUDOERS) !== null && !isOthers(SUDOERS)) removeDropIn(ledger, SUDOERS);
  },
};

function writeWhereNeeded(ledger: Ledger): void {
  const current = securePath();
  switch (current.type) {
    case 'absent': {
      ledger.note(SUDOERS, 'kept', 'not needed: sudo is not installed');
      return;
    }
    case 'hidden':
      throw new Error('only root can ask sudo'); // status reports it for the layer
    case 'unknown': {
      ledger.note(SUDOERS, 'kept', 'sudo runs nothing for root, so its secure_path is not known');
      return;
    }
    case 'none': {
      ledger.note(SUDOERS, 'kept', "not needed: sudo searches the caller's own PATH");
      return;
    }
    case 'set':
      break;
  }
  if (isOthers(SUDOERS)) {
    ledger.note(SUDOERS, 'refused', 'is not ours');
    return;
  }
  const others = current.path
    .split(':')
    .filter((directory) => directory !== SHIMS)
    .join(':');
  const find = firstPm2(others, pendingLinks(ledger));
  const findsCommand = others.split(':').includes(dirname(COMMAND_LINK));
  if (find.type === 'shim' && findsCommand) {
    if (statOrNone(SUDOERS) === null) ledger.note(SUDOERS, 'kept', `not needed: sudo finds ${find.path} first`);
    else removeDropIn(ledger, SUDOERS);
    return;
  }
  writeDropIn(ledger, others, whyNeeded(find));
}

function whyNeeded(find: Find): string {
  switch (find.type) {
    case 'none':
      return 'sudo would find no pm2';
    case 'shim':
      return 'sudo would find no pm2-guard';
    case 'door':
    case 'other':
      return `sudo would find ${find.path} first`;
  }
}

function writeDropIn(ledger: Ledger, others: string, why: string): void {
  if (/["\\\n]/.test(others)) {
    ledger.note(SUDOERS, 'refused', `the secure_path of sudo holds a character that cannot be repeated: ${others}`);
    return;
  }
  // Never add to broken sudoers: the cause would be unclear, and sudo may be the only access to root.
  const before = sudoersFault();
  if (before !== null) {
    ledger.note(SUDOERS, 'refused', `left alone because sudoers is not in order: ${before}`);
    return;
  }
  const text = Buffer.from(
    `# Written by ${OURS}, removed by pm2-guard uninstall: ${why}.\nDefaults secure_path="${SHIMS}:${others}"\n`,
  );
  const old = statOrNone(SUDOERS) === null ? null : readFileSync(SUDOERS);
  const fault = faultOfText(text);
  if (fault !== null) {
    ledger.note(SUDOERS, 'refused', fault);
    return;
  }
  // A changed reason alone does not justify a rewrite.
  const same = old?.toString().split('\n')[1] === text.toString().split('\n')[1];
  ledger.file(SUDOERS, same ? (old ?? text) : text, 0o440);
  if (ledger.dry) return;
  const now = securePath();
  const after =
    sudoersFault() ??
    (now.type === 'set' && now.path === `${SHIMS}:${others}`
      ? null
      : 'it has no effect: another line of sudoers sets secure_path later, or /etc/sudoers.d is not included');
  if (after === null) return;
  ledger.changes.pop();
  if (old === null) rmSync(SUDOERS);
  else replaceFile(SUDOERS, old, 0o440);
  ledger.note(SUDOERS, 'refused', `taken back, ${after}`);
}

/** Checks sudoers afterwards: sudo may be the only access to root. */
export function removeDropIn(ledger: Ledger, file: string): void {
  ledger.remove(file);
  const fault = ledger.dry || visudoHere() === undefined ? null : sudoersFault();
  if (fault !== null) ledger.note('/etc/sudoers', 'refused', `has a fault that pm2-guard did not write: ${fault}`);
}
