import type { User } from '../model.ts';
import type { Fragment } from '../text.ts';
import { runText } from '../shell/run.ts';
import type { ShellScope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import { linesOf } from './lines.ts';

/** logrotate(8): scripts from prerotate or postrotate to endscript. Root runs them, whatever `su` says. */
export function readLogrotate(fragment: Fragment, scope: ShellScope, session: Session): void {
  const root: User = { kind: 'known', name: 'root', said: 'logrotate' };
  const script = /^[ \t]*(?:pre|post)rotate[ \t]*$|^[ \t]*(?:first|last)action[ \t]*$/gm;
  for (const match of fragment.text.matchAll(script)) {
    const start = match.index + match[0].length;
    const end = fragment.text.slice(start).search(/^[ \t]*endscript/m);
    if (end >= 0)
      runText(fragment.slice(start, start + end), scope.child({ user: root, forms: ['cron'] }, []), session);
  }
}

/** authorized_keys: command="..." runs at each login with that key, as the user of the file. */
export function readAuthorizedKeys(fragment: Fragment, scope: ShellScope, session: Session): void {
  for (const line of linesOf(fragment)) {
    if (/^\s*#/.test(line.text)) continue;
    const forced = /\bcommand="((?:[^"\\]|\\.)*)"/.exec(line.text);
    if (!forced?.[1]) continue;
    const start = forced.index + 'command="'.length;
    runText(line.slice(start, start + forced[1].length), scope.child({ forms: ['ssh'] }, []), session);
  }
}

/** Laravel Envoy: @task bodies run on the server that @servers names. */
export function readBlade(fragment: Fragment, scope: ShellScope, session: Session): void {
  const { text } = fragment;
  const servers = new Map<string, string>();
  const [, list = ''] = /@servers\(\[([\s\S]*?)\]\)/.exec(text) ?? [];
  for (const [, name = '', target = ''] of list.matchAll(/['"]([\w-]+)['"]\s*=>\s*\[?\s*['"]([^'"]+)['"]/g))
    servers.set(name, target);
  for (const match of text.matchAll(/^[ \t]*@(?:task|finished|success|error|before|after)\b(.*)$/gm)) {
    const start = match.index + match[0].length;
    const length = text.slice(start).search(/^[ \t]*@end/m);
    if (length < 0 || !match[0].includes('@task')) continue;
    const [, on] = /'on'\s*=>\s*\[?\s*['"]([\w-]+)['"]/.exec(match[1] ?? '') ?? [];
    const target = on === undefined ? [...servers.values()][0] : servers.get(on);
    const at = target?.indexOf('@') ?? -1;
    const host = target === undefined ? 'server' : target.slice(at + 1);
    const user: User =
      at > 0 && target !== undefined ? nameOrVariable(target.slice(0, at).replace(/^.*\s/, '')) : { kind: 'unset' };
    const local = host === 'localhost' || host === '127.0.0.1';
    const varies = /[{$]/.test(host);
    const world = local
      ? { kind: 'here' as const }
      : varies
        ? { kind: 'variable host' as const, text: host }
        : { kind: 'remote' as const, host };
    runText(
      fragment.slice(start, start + length),
      scope.child({ user: local ? { kind: 'unset' } : user, world, forms: local ? [] : ['ssh'] }, []),
      session,
    );
  }
}

function nameOrVariable(name: string): User {
  return /[{$]/.test(name) ? { kind: 'variable', text: name, said: 'ssh' } : { kind: 'known', name, said: 'ssh' };
}
