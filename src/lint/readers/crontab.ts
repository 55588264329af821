import type { Form } from '../model.ts';
import { FragmentBuilder, type Fragment } from '../text.ts';
import { runText } from '../shell/run.ts';
import { valueOf, type ShellScope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import { linesOf, trimmed } from './lines.ts';

const ASSIGNMENT = /^\s*(\w+)\s*=\s*(.*?)\s*$/;
const JOB = /^\s*(@\w+|(?:\S+\s+){4}\S+)\s+/;

/** anacrontab(5): period, delay and name stand before each command, which root runs. */
export function readAnacrontab(fragment: Fragment, scope: ShellScope, session: Session): void {
  const table = scope.child({ user: { kind: 'known', name: 'root', said: 'anacron' } }, []);
  for (const line of linesOf(fragment, true)) {
    if (readAssignment(line.text, table)) continue;
    const job = /^\s*(?:@\w+|\d+)\s+\d+\s+\S+\s+(?=\S)/.exec(line.text);
    if (job) runText(line.slice(job[0].length, line.text.length), table.child({ forms: ['cron'] }), session);
  }
}

function readAssignment(text: string, table: ShellScope): boolean {
  const [, name, value = ''] = JOB.test(text) ? [] : (ASSIGNMENT.exec(text) ?? []);
  if (name === undefined) return false;
  table.set(name, valueOf(value.replace(/^(["'])(.*)\1$/, '$2'), true, { exported: true }));
  return true;
}

/** crontab(5). `system`: a user stands before each command. cron ends a command at an unescaped %. */
export function readCrontab(fragment: Fragment, scope: ShellScope, session: Session, system: boolean): void {
  const table = scope.child();
  for (const line of linesOf(fragment)) {
    const { text } = line;
    const [, comment] = /^\s*#\s*pm2-guard:\s*run-as\s+([\w.-]+)/.exec(text) ?? [];
    if (comment !== undefined) table.user = { kind: 'known', name: comment, said: 'the run-as comment' };
    if (/^\s*(#|$)/.test(text)) continue;
    if (readAssignment(text, table)) continue;
    const job = JOB.exec(text);
    if (!job) continue;
    runJob(line.slice(job[0].length, text.length), job[1] ?? '', table, session, system);
  }
}

function runJob(rest: Fragment, schedule: string, table: ShellScope, session: Session, system: boolean): void {
  const forms: Form[] = schedule === '@reboot' ? ['cron', 'reboot'] : ['cron'];
  const [column = ''] = system ? (/^\S+\s+/.exec(rest.text) ?? []) : [];
  const user = system ? userOfColumn(column.trim()) : table.user;
  const scope = table.child({ user, forms });
  const command = trimmed(rest.slice(column.length, rest.text.length));
  const percent = command.text.search(/(?<!\\)%/);
  const plain = percent < 0 ? command : command.slice(0, percent);
  if (/pm2|\.(sh|bash)\b/i.test(plain.text)) runText(withoutEscapes(plain), scope, session);
}

function userOfColumn(name: string): ShellScope['user'] {
  return /[${]/.test(name)
    ? { kind: 'variable', text: name, said: 'the user column' }
    : { kind: 'known', name, said: 'the user column' };
}

function withoutEscapes(fragment: Fragment): Fragment {
  if (!fragment.text.includes('\\%')) return fragment;
  const builder = new FragmentBuilder();
  let at = 0;
  for (const match of fragment.text.matchAll(/\\%/g)) {
    builder.addFragment(fragment.slice(at, match.index));
    at = match.index + 1;
  }
  return builder.addFragment(fragment.slice(at, fragment.text.length)).build();
}
