import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { OPERATORS_FILE, rulesIn, WRITTEN_BY, type DropIn } from './drop-in.ts';

/** Whose the file is; `hidden`: /etc/sudoers.d is closed to the caller. */
export type Ownership = 'absent' | 'ours' | 'foreign' | 'hidden';

/** How the written file stands to the config. */
export type SudoersState =
  /** No operators, no file. */
  | { state: 'not needed' }
  | { state: 'matches' }
  /** `why` says in which way, as a sentence about the file. */
  | { state: 'differs'; why: string }
  /** Not written yet, and the config names operators. */
  | { state: 'missing' }
  /** Only root can tell. */
  | { state: 'hidden' };

/** Whether it is a file that `pm2-guard sudoers --write` wrote, and may replace or remove. */
export function ownership(): Ownership {
  try {
    if (!lstatSync(OPERATORS_FILE).isFile()) return 'foreign';
    return readFileSync(OPERATORS_FILE, 'utf8').startsWith(WRITTEN_BY) ? 'ours' : 'foreign';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'hidden';
  }
}

/** What the file says; null: it is not there, or not readable. */
export function writtenText(): string | null {
  try {
    return readFileSync(OPERATORS_FILE, 'utf8');
  } catch {
    return null;
  }
}

/** Compares rules, owner and mode; what the comments say is no difference. */
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
  const { uid, gid, mode } = lstatSync(OPERATORS_FILE);
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

export function isInOrder(uid: number, gid: number, mode: number): boolean {
  return uid === 0 && gid === 0 && (mode & 0o7777) === 0o440;
}

/** What a write that was killed has left; sudo passes over such names. */
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

/** One line on how the file stands to the config, for people; null where there is nothing to say. */
export function stateInWords(state: SudoersState): string | null {
  switch (state.state) {
    case 'not needed':
    case 'hidden':
      return null;
    case 'matches':
      return `${OPERATORS_FILE} is what the config asks for`;
    case 'missing':
      return `${OPERATORS_FILE} is not there, and the config names operators; run:  sudo pm2-guard sudoers --write`;
    case 'differs':
      return `${OPERATORS_FILE} ${state.why}; run:  sudo pm2-guard sudoers --write`;
  }
}
