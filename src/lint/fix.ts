import type { Daemon } from '../policy/policy.ts';
import { quoteCommand } from '../terminal/shown.ts';
import type { Judged } from './judge.ts';
import type { Edit } from './model.ts';
import type { Lines } from './text.ts';

/**
 * Puts `sudo -u USER` before a call instead of what stands there. Certain only where root makes it by a plain sudo, or
 * bare
 * in what root runs: root may become any user, others need a right for it.
 */
export function prefixed(call: Judged, daemon: Daemon, text: string): Edit[] {
  // A unit says its user with User=.
  if (call.user.kind !== 'known' || call.user.name !== 'root' || call.forms.includes('unit')) return [];
  const before = text.slice(call.start, call.pm2At);
  if (!/^(sudo(\s+-[nEH]+|\s+-u\s+root|\s+--)*\s+)?$/.test(before) || !text.startsWith(call.pm2, call.pm2At)) return [];
  if (before === '' && call.forms.includes('sudo')) return []; // the sudo is further away: `sudo bash -c "pm2 ..."`
  if (/\$[\d@*{]/.test(text.slice(call.start, call.end))) return []; // a function that may be called with other words
  return [{ start: call.start, end: call.pm2At, text: `${switchTo(daemon)} ` }];
}

function switchTo(daemon: Daemon): string {
  const words = ['sudo', '-u', daemon.user];
  return quoteCommand(daemon.home === `${daemon.userHome}/.pm2` ? words : [...words, `PM2_HOME=${daemon.home}`]);
}

/** The line as it is once the edits are made; null where they reach over its end. */
export function corrected(edits: readonly Edit[], lines: Lines): string | null {
  const [first] = edits;
  if (!first) return null;
  const { line } = lines.place(first.start);
  const start = lines.start(line);
  let text = lines.line(line);
  for (const edit of [...edits].sort((a, b) => b.start - a.start)) {
    if (edit.start < start || edit.end > start + lines.line(line).length) return null;
    text = text.slice(0, edit.start - start) + edit.text + text.slice(edit.end - start);
  }
  return text.trim();
}
