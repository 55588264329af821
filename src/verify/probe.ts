import { randomBytes } from 'node:crypto';
import { findUntrusted } from '../trust/trust.ts';
import { identify } from './identify.ts';
import { isBlock, throwawayCall } from './proof.ts';
import { after, question, readTold, saidAfter, type Told } from './question.ts';
import { standsFor } from './stands-for.ts';
import { PATIENCE_MS, run, type Ended, type ShellStart } from './start.ts';
import type { WayEntry, WayIn } from './way.ts';

export type ProbeAnswer =
  /** Proven by a block. `through`: the alias or function. */
  | { type: 'guard'; path: string; through: string | null }
  | { type: 'pm2'; path: string; version: string; through: string | null }
  | { type: 'other'; path: string; through: string | null }
  /** PM2_GUARD=off is in the environment. */
  | { type: 'off'; path: string }
  | { type: 'nothing' }
  /** sudo or su refuses the user. */
  | { type: 'refused'; why: string }
  | { type: 'unknown'; why: string };

interface Lead {
  path: string;
  through: string | null;
  off: boolean;
}

/** Asks which pm2 is found; if it has our mark, makes a call that must be blocked. Never runs a real pm2. */
export async function probeWay({ entry, asRoot }: WayIn): Promise<ProbeAnswer> {
  const lead = await leadOf(entry);
  return 'type' in lead ? lead : proven(entry, lead, asRoot);
}

export async function probePath(
  path: string,
  as: ((words: readonly string[]) => ShellStart) | null,
): Promise<ProbeAnswer> {
  const identity = identify(path);
  if (identity.type !== 'ours') return asAnswer(identity, { path, through: null });
  if (as === null)
    return { type: 'unknown', why: 'it is not run: others than root could change it, or its owner has no account' };
  return proven(
    { type: 'program', listing: null, start: ([, ...words]) => as([path, ...words]) },
    { path, through: null, off: false },
    false,
  );
}

async function proven(entry: WayEntry, { path, through, off }: Lead, asRoot: boolean): Promise<ProbeAnswer> {
  const identity = identify(path);
  if (identity.type !== 'ours') return asAnswer(identity, { path, through });
  const fault = asRoot ? findUntrusted(path, 'file') : null;
  if (fault !== null) return { type: 'unknown', why: `${path} is not run as root: ${fault.path} ${fault.why}` };
  const nonce = fresh();
  const call = throwawayCall(nonce);
  const ended = await run(
    entry.type === 'program' ? entry.start(call) : entry.start(after(entry.language, nonce, call.join(' '))),
  );
  if (ended.type !== 'ended') return unknown(ended);
  const said = entry.type === 'program' ? ended.stdout : saidAfter(ended.stdout, nonce);
  if (said === null) return silent(ended);
  if (isBlock(ended, said, nonce)) return off ? { type: 'off', path } : { type: 'guard', path, through };
  const refused = refusal(ended.stderr);
  if (refused !== null) return refused;
  return {
    type: 'unknown',
    why:
      `${path} is pm2-guard's, and did not block what it has to block: exit status ` +
      `${ended.status ?? 'none'}${lastLine(ended.stderr)}`,
  };
}

function asAnswer(
  identity: { type: 'pm2'; version: string } | { type: 'other' },
  at: { path: string; through: string | null },
): ProbeAnswer {
  return identity.type === 'pm2' ? { ...identity, ...at } : { type: 'other', ...at };
}

async function leadOf(entry: WayEntry): Promise<Lead | ProbeAnswer> {
  if (entry.type === 'program' && entry.listing !== null) return listed(await run(entry.listing(['pm2'])));
  const tag = fresh();
  const ended = await run(
    entry.type === 'program'
      ? entry.start(['/bin/sh', '-c', question('posix', tag)])
      : entry.start(question(entry.language, tag)),
  );
  if (ended.type !== 'ended') return unknown(ended);
  const told = readTold(ended.stdout, tag);
  return told === null ? (refusal(ended.stderr) ?? silent(ended)) : leadOfWord(told);
}

/** `sudo -l command` prints the path that it would run (sudo(8)). */
function listed(ended: Ended): Lead | ProbeAnswer {
  if (ended.type !== 'ended') return unknown(ended);
  const [path = ''] = ended.stdout.trim().split(/\s/);
  if (ended.status === 0 && path.startsWith('/')) return { path, through: null, off: false };
  if (/command not found/.test(ended.stderr)) return { type: 'nothing' };
  return refusal(ended.stderr) ?? { type: 'refused', why: 'sudo does not allow it' };
}

function leadOfWord({ word, file, guard, homeDirectory }: Told): Lead | ProbeAnswer {
  const off = guard === 'off';
  switch (word.type) {
    case 'nothing':
      return { type: 'nothing' };
    case 'file':
      return { path: word.path, through: null, off };
    case 'alias':
    case 'function': {
      const through = `${word.type}: ${word.text
        .split('\n')
        .map((line) => line.trim())
        .join(' ')}`;
      const end = standsFor(word.type, word.text, homeDirectory);
      switch (end.type) {
        case 'path':
          return { path: end.path, through, off };
        case 'pm2 of PATH':
          return file === null ? { type: 'nothing' } : { path: file, through, off };
        case 'unclear':
          return { type: 'unknown', why: `pm2 is a ${through}, which is not run to find out` };
      }
    }
  }
}

/** How programs that become another user begin the message that they ran nothing. */
const REFUSES = [
  ...[/^sudo(-rs)?: /, /^su: /, /^runuser: /, /^doas: /, /^Sorry, user /],
  /^Failed to start transient service unit: /, // run0
  /^Error executing command as another user: /, // pkexec
];

/** The message of sudo, su and their like if it ran nothing. */
function refusal(stderr: string): ProbeAnswer | null {
  const line = stderr
    .split('\n')
    .find((text) => REFUSES.some((begin) => begin.test(text)) && !text.startsWith('sudo: unable to resolve host'));
  return line === undefined ? null : { type: 'refused', why: line.replace(/^[^:]+: (?=.)/, '') };
}

function unknown(ended: Exclude<Ended, { type: 'ended' }>): ProbeAnswer {
  return {
    type: 'unknown',
    why:
      ended.type === 'late'
        ? `it did not end in ${PATIENCE_MS / 1000} s: startup files that wait, or a very slow machine`
        : ended.why,
  };
}

function silent({ status, stderr }: Ended & { type: 'ended' }): ProbeAnswer {
  return {
    type: 'unknown',
    why: `the shell ended before it ran anything: exit status ${status ?? 'none'}${lastLine(stderr)}`,
  };
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `, ${line.slice(0, 200)}`;
}

function fresh(): string {
  return randomBytes(6).toString('hex');
}
