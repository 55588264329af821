import type { Daemon } from '../policy/policy.ts';
import { quoteCommand } from '../terminal/shown.ts';
import type { Judged } from './judge.ts';
import type { Edit } from './model.ts';
import type { Lines } from './text.ts';

/**
 * Replaces the words before a call by `sudo -u USER`. The fix is certain only if root makes the call, by a plain sudo
 * or directly: root may become any user, others need a right.
 */
export function prefixed(call: Judged, daemon: Daemon, text: string): Edit[] {
  // A unit sets its user with User=.
  if (call.user.kind !== 'known' || call.user.name !== 'root' || call.forms.includes('unit')) return [];
  const before = text.slice(call.start, call.pm2At);
  if (!/^(sudo(\s+-[nEH]+|\s+-u\s+root|\s+--)*\s+)?$/.test(before) || !text.startsWith(call.pm2, call.pm2At)) return [];
  if (before === '' && call.forms.includes('sudo')) return []; // the sudo is further away: `sudo bash -c "pm2 ..."`
  if (/\$[\d@*{]/.test(text.slice(call.start, call.end))) return []; // a function's arguments vary
  return [{ start: call.start, end: call.pm2At, text: `${switchTo(daemon)} ` }];
}

function switchTo(daemon: Daemon): string {
  const words = ['sudo', '-u', daemon.user];
  return quoteCommand(
    daemon.pm2Home === `${daemon.homeDirectory}/.pm2` ? words : [...words, `PM2_HOME=${daemon.pm2Home}`],
  );
}

/** The line after the edits; null if they reach past its end. */
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
