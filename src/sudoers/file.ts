import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { asFileStats, type Gid, type Uid } from '../runtime/brands.ts';
import { OPERATORS_FILE, rulesIn, WRITTEN_BY, type DropIn } from './drop-in.ts';
import { commandLineHere, rootCommandLine } from '../terminal/root-command.ts';

/** `hidden`: the caller cannot read /etc/sudoers.d. */
export type Ownership = 'absent' | 'ours' | 'foreign' | 'hidden';

export type SudoersState =
  | { state: 'not needed' }
  | { state: 'matches' }
  | { state: 'differs'; why: string }
  | { state: 'missing' }
  | { state: 'hidden' };

/** `ours`: written by `pm2-guard sudoers --write`, which may replace or remove it. */
export function ownership(): Ownership {
  try {
    if (!lstatSync(OPERATORS_FILE).isFile()) return 'foreign';
    return readFileSync(OPERATORS_FILE, 'utf8').startsWith(WRITTEN_BY) ? 'ours' : 'foreign';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'hidden';
  }
}

export function writtenText(): string | null {
  try {
    return readFileSync(OPERATORS_FILE, 'utf8');
  } catch {
    return null;
  }
}

export function sudoersState(wanted: DropIn): SudoersState {
  switch (ownership()) {
    case 'hidden':
      return { state: 'hidden' };
    case 'foreign':
      return { state: 'differs', why: 'was not written by pm2-guard' };
    case 'absent':
      return { state: wanted.needed ? 'missing' : 'not needed' };
    case 'ours':
      break;
  }
  if (!wanted.needed) return { state: 'differs', why: 'is there, and the config names no operators' };
  const { uid, gid, mode } = asFileStats(lstatSync(OPERATORS_FILE));
  if (!isInOrder(uid, gid, mode))
    return {
      state: 'differs',
      why: `is uid ${uid}'s, mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, and not root's with mode 0440`,
    };
  const [has, wants] = [rulesIn(writtenText() ?? ''), rulesIn(wanted.text)];
  return has.join('\n') === wants.join('\n')
    ? { state: 'matches' }
    : { state: 'differs', why: 'grants something else than the config asks for' };
}

export function isInOrder(uid: Uid, gid: Gid, mode: number): boolean {
  return uid === 0 && gid === 0 && (mode & 0o7777) === 0o440;
}

/** Left by a killed write. sudo ignores such names. */
export function strayFiles(): string[] {
  const directory = dirname(OPERATORS_FILE);
  try {
    return readdirSync(directory)
      .filter((name) => name.startsWith(`.${basename(OPERATORS_FILE)}.`) && name.endsWith('.new'))
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

/** What writes the rules; a file that pm2-guard did not write is moved away first. */
export function writeCommand(): string {
  const write = rootCommandLine('sudoers', '--write');
  return ownership() === 'foreign' ? `${commandLineHere(['sudo', 'mv', OPERATORS_FILE, '/root/'])} && ${write}` : write;
}

export function stateInWords(state: SudoersState): string | null {
  switch (state.state) {
    case 'not needed':
    case 'hidden':
      return null;
    case 'matches':
      return `${OPERATORS_FILE} is what the config asks for`;
    case 'missing':
      return `${OPERATORS_FILE} is not there, and the config names operators; run:  ${writeCommand()}`;
    case 'differs':
      return `${OPERATORS_FILE} ${state.why}; run:  ${writeCommand()}`;
  }
}
