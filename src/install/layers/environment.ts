import { existsSync, readFileSync } from 'node:fs';
import { pendingLinks, firstPm2 } from '../finds.ts';
import { ENVIRONMENT, OURS, SHIMS } from '../places.ts';
import { editFault } from './edit-fault.ts';
import type { Layer } from './layer.ts';

/** As pam_env(8) reads the file: the last PATH line counts. */
const PATH_LINE = /^([ \t]*(?:export[ \t]+)?PATH=["']?)([^"'\n]*)/gm;
const NOTE = `# ${OURS}: the first directory of the next line, until pm2-guard uninstall\n`;

/**
 * PAM sets PATH from /etc/environment, for instance on Ubuntu. Edits only an existing line: a new line would override
 * the different PATHs that login, su and sshd give to root and to users.
 */
export const environment: Layer = {
  name: 'environment',
  reaches: 'sessions whose PATH is from /etc/environment',
  place: ENVIRONMENT,
  byDefault: true,
  apply: (ledger) => {
    const text = existsSync(ENVIRONMENT) ? readFileSync(ENVIRONMENT, 'latin1') : '';
    const path = sessionPath(text);
    const fault = editFault(ENVIRONMENT);
    if (text.includes(NOTE)) {
      if (fault === null) ledger.edit(ENVIRONMENT, (before) => withOurs(withoutOurs(before ?? '')));
      else ledger.note(ENVIRONMENT, 'kept', fault);
      return;
    }
    if (path === null) {
      ledger.note(ENVIRONMENT, 'kept', 'not needed: sets no PATH');
      return;
    }
    const find = firstPm2(path, pendingLinks(ledger));
    if (find.type === 'shim') ledger.note(ENVIRONMENT, 'kept', `not needed: its PATH finds ${find.path} first`);
    else if (fault !== null) ledger.note(ENVIRONMENT, 'kept', fault);
    else ledger.edit(ENVIRONMENT, (before) => withOurs(before ?? ''));
  },
  withdraw: (ledger) => {
    if (!existsSync(ENVIRONMENT) || !readFileSync(ENVIRONMENT, 'latin1').includes(NOTE)) return;
    const fault = editFault(ENVIRONMENT);
    if (fault === null) ledger.edit(ENVIRONMENT, (text) => withoutOurs(text ?? ''));
    else ledger.note(ENVIRONMENT, 'refused', fault);
  },
};

export function sessionPath(text: string): string | null {
  return [...text.matchAll(PATH_LINE)].at(-1)?.[2] ?? null;
}

export function withOurs(text: string): string {
  const last = [...text.matchAll(PATH_LINE)].at(-1);
  if (last === undefined) return text;
  const [, name = '', path = ''] = last;
  const rest = text.slice(last.index + name.length + path.length);
  return `${text.slice(0, last.index)}${NOTE}${name}${SHIMS}:${path}${rest}`;
}

export function withoutOurs(text: string): string {
  const at = text.indexOf(NOTE);
  if (at < 0) return text;
  return (
    text.slice(0, at) +
    text.slice(at + NOTE.length).replace(new RegExp(`^([ \\t]*(?:export[ \\t]+)?PATH=["']?)${SHIMS}:`), '$1')
  );
}
