import { writeSync } from 'node:fs';
import { escapeControls } from '../terminal/escape.ts';
import { shown } from '../terminal/shown.ts';
import { phrase } from '../verdict/decide.ts';
import type { InstalledPm2 } from '../pm2/installed.ts';
import type { Invocation } from '../pm2/invocation.ts';
import type { Block, Pass, Rewrite } from '../verdict/verdict.ts';

/** All that the guard says goes to stderr: stdout belongs to pm2, and `jlist` is read by machines. */
export function say(lines: readonly string[]): void {
  if (lines.length === 0) return;
  // One write, so that lines of two calls do not mix; to the descriptor, because process.stderr loads node's streams and
  // sockets, which takes 3 ms. A closed or full stderr (2>&-, a pager that has ended) must not stop a deploy.
  try {
    writeSync(2, lines.map((line) => `${escapeControls(line)}\n`).join(''));
  } catch {
    // EBADF, EPIPE, EAGAIN
  }
}

export function rewriteLines(verdict: Rewrite, invocation: Invocation): string[] {
  const { daemon } = verdict;
  if (invocation.startup) return [`pm2-guard: rewritten: ${phrase(invocation)}, for ${daemon.user} with home ${daemon.home} (daemon ${daemon.name})`];
  return [`pm2-guard: rewritten: ${phrase(invocation)}, as ${daemon.user} in ${daemon.home} (daemon ${daemon.name})`];
}

export function observeLines(verdict: Pass): string[] {
  return verdict.report ? [`pm2-guard: observed: ${verdict.reason}`] : [];
}

export function blockLines(verdict: Block): string[] {
  const [first, ...others] = verdict.run;
  return [
    `pm2-guard: blocked: ${verdict.reason}`,
    ...verdict.details.map((line) => `  ${line}`),
    ...(first ? [`  run:  ${shown(first)}`] : []),
    ...others.map((words) => `   or:  ${shown(words)}`),
    `  ${verdict.code}, more with: pm2-guard explain ${verdict.code}`,
  ];
}

/** For a PM2 newer than all we know: its words are read by the newest grammar there is. */
export function unknownVersionLines(real: InstalledPm2): string[] {
  return real.known ? [] : [`pm2-guard: PM2 ${real.version} is newer than this pm2-guard knows; its command line is read as PM2 ${real.major}'s`];
}
