import { linkOf, mayExecute, realpathOrNull } from '../../runtime/peek.ts';
import { readRegularFile } from '../../trust/read.ts';
import type { BootScript } from './boot-scripts.ts';
import { scriptInLine } from './called-script.ts';
import { startInShell } from './pm2-start.ts';
import { mentionsPm2, seatOf, type Runner } from './runner.ts';
import type { UnclearStart } from './unit-start.ts';

/** Debian, Red Hat. systemd's rc-local.service runs it where it is executable (systemd-rc-local-generator(8)). */
const PLACES = ['/etc/rc.local', '/etc/rc.d/rc.local'];
const SERVICES = ['/etc/systemd/system/rc-local.service', '/etc/systemd/system/rc.local.service'];
const MAX_BYTES = 1 << 18;

/** systemd gives rc-local.service no HOME (T15). */
const ROOT: Runner = { user: 'root', pm2Home: null, homeDirectory: null, inSession: false };

export interface RcLocal {
  /** The lines that certainly bring a daemon up. */
  lines: BootScript[];
  unclear: UnclearStart[];
}

export function rcLocal(root = ''): RcLocal {
  const files = new Set(PLACES.map((place) => realpathOrNull(root + place)).filter((file) => file !== null));
  const isMasked = SERVICES.some((service) => linkOf(root + service) === '/dev/null');
  const found: RcLocal = { lines: [], unclear: [] };
  for (const file of files) {
    const enabled = !isMasked && mayExecute(file);
    for (const { text, line, isWhole } of linesOf(file)) {
      const unclear = (why: string) => ({ name: `${file}:${line}`, file, enabled, account: null, why });
      if (!mentionsPm2(text)) {
        const script = scriptInLine(text);
        if (script !== null) found.unclear.push(unclear(script));
        continue;
      }
      const start = isWhole ? startInShell(text, ROOT) : 'unclear';
      if (start === null) continue;
      const seat = start === 'unclear' ? null : seatOf(start);
      if (seat === null) found.unclear.push(unclear('its pm2 is not understood'));
      else found.lines.push({ file, user: seat.account.name, pm2Home: seat.pm2Home, pm2: null, enabled, line });
    }
  }
  return found;
}

/** Up to the first `exit`. Lines after it never run. */
function linesOf(file: string): { text: string; line: number; isWhole: boolean }[] {
  let text: string;
  try {
    text = readRegularFile(file, MAX_BYTES).toString('utf8');
  } catch {
    return [];
  }
  const lines: { text: string; line: number; isWhole: boolean }[] = [];
  let quote = '';
  const all = text.split('\n');
  for (const [index, one] of all.entries()) {
    const isInside = quote !== '';
    if (!isInside && /^\s*#/.test(one)) continue;
    quote = quoteAfter(one, quote);
    const isWhole = !isInside && quote === '' && !continues(one) && !continues(all[index - 1] ?? '');
    if (!isInside && /^exit\b/.test(one)) break;
    lines.push({ text: one, line: index + 1, isWhole });
  }
  return lines;
}

/** The quote that is open at the end of a line; empty: none. An apostrophe in double quotes or a comment opens none. */
function quoteAfter(line: string, before: string): string {
  let quote = before;
  for (let at = 0; at < line.length; at++) {
    const one = line.charAt(at);
    if (one === '\\' && quote !== "'") at++;
    else if (quote !== '') quote = one === quote ? '' : quote;
    else if (one === '"' || one === "'") quote = one;
    else if (one === '#' && /^$|[\s;&|()]/.test(line.charAt(at - 1))) break;
  }
  return quote;
}

function continues(line: string): boolean {
  return line.endsWith('\\');
}
