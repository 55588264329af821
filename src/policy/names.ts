import { isPlain } from '../terminal/plain.ts';
import type { Rule } from './policy.ts';

export type Holder = readonly [daemon: number, line: number];

export type RuleOf = (pattern: string, holder: Holder) => Rule;

/** `<name>daemon:line,daemon:line<name>...`: JSON.parse takes one string faster than ten thousand objects. */
export type NameTable = string;

export function nameTable(names: ReadonlyMap<string, readonly Holder[]>): NameTable {
  return [...names]
    .map(([name, holders]) => `<${encodeName(name)}>${holders.map((holder) => holder.join(':')).join()}`)
    .sort()
    .join('');
}

export function holdersOf(table: NameTable, name: string): Holder[] {
  const entry = `<${encodeName(name)}>`;
  const at = table.indexOf(entry);
  return at < 0 ? [] : holdersAt(table, at + entry.length);
}

export function* namesOf(table: NameTable): Generator<[string, Holder[]]> {
  for (let at = 0; at < table.length;) {
    const end = table.indexOf('>', at);
    yield [decodeName(table.slice(at + 1, end)), holdersAt(table, end + 1)];
    at = nextName(table, end);
  }
}

function holdersAt(table: NameTable, start: number): Holder[] {
  return table
    .slice(start, nextName(table, start))
    .split(',')
    .map((holder) => {
      const [daemon, line] = holder.split(':').map(Number);
      return [daemon ?? 0, line ?? 0];
    });
}

function nextName(table: NameTable, from: number): number {
  const at = table.indexOf('<', from);
  return at < 0 ? table.length : at;
}

/** Only printable ASCII without the two brackets, so JSON need not escape anything. */
function encodeName(name: string): string {
  if (isPlain(name) && !name.includes('%')) return name;
  return name.replace(/[^!-~]|[%<>"\\]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function decodeName(text: string): string {
  return text.replace(/%([0-9a-f]{4})/g, (_, unit: string) => String.fromCharCode(parseInt(unit, 16)));
}

/** For calls of `pm2-guard verify`. The guard blocks them in every mode, which proves that it is active. */
export const RESERVED = 'pm2-guard-verify-';

export function isReserved(name: string): boolean {
  return name.startsWith(RESERVED);
}
