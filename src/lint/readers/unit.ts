import type { User } from '../model.ts';
import type { Fragment } from '../text.ts';
import { runText } from '../shell/run.ts';
import { valueOf, type Scope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import { linesOf, trimmed } from './lines.ts';

interface Directive {
  name: string;
  value: Fragment;
}

/** systemd.service(5): ExecStart= and its like, as User= with Environment=. Without User= it is root. */
export function readUnit(fragment: Fragment, scope: Scope, session: Session): void {
  const directives = directivesOf(fragment);
  const last = (name: string): Fragment | undefined => directives.filter((one) => one.name === name).at(-1)?.value;
  // A unit of a user's own manager runs as that user.
  const named = last('User')?.text;
  const user = named === undefined && /\/systemd\/user\//.test(session.path) ? scope.user : userOf(named);
  const service = scope.child({ user, forms: ['unit'], cwd: last('WorkingDirectory')?.text ?? null }, []);
  for (const { name, value } of directives) if (name === 'Environment') assign(value.text, service);
  for (const { name, value } of directives) {
    if (!/^Exec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)$/.test(name)) continue;
    const [prefix = ''] = /^[@:+!|-]*/.exec(value.text) ?? [];
    const user: User = /[+!]/.test(prefix)
      ? { kind: 'known', name: 'root', said: `the ${prefix} of ${name}=` }
      : service.user;
    const line = trimmed(value.slice(prefix.length, value.text.length));
    session.within({ hidden: prefix.includes('-') ? `the leading - of ${name}=` : null }, () =>
      runText(line, service.child({ user }), session),
    );
  }
}

/** supervisord's [program:x] sections: `command=` as `user=`. */
export function readSupervisor(fragment: Fragment, scope: Scope, session: Session): void {
  let at = 0;
  for (const section of fragment.text.split(/(?=^\[)/m)) {
    const directives = directivesOf(fragment.slice(at, at + section.length));
    at += section.length;
    const command = directives.find(({ name }) => name === 'command')?.value;
    const user = directives.find(({ name }) => name === 'user')?.value.text;
    if (command) runText(command, scope.child({ user: userOf(user), forms: [] }), session);
  }
}

function directivesOf(fragment: Fragment): Directive[] {
  return linesOf(fragment, true).flatMap((line) => {
    const [head, name] = /^\s*(\w+)\s*=/.exec(line.text) ?? [];
    return head === undefined || name === undefined
      ? []
      : [{ name, value: trimmed(line.slice(head.length, line.text.length)) }];
  });
}

function userOf(name: string | undefined): User {
  if (name === undefined || name === '') return { kind: 'known', name: 'root', said: 'the missing User=' };
  return /[%${]/.test(name) ? { kind: 'variable', text: name, said: 'User=' } : { kind: 'known', name, said: 'User=' };
}

function assign(text: string, scope: Scope): void {
  for (const [, quoted, bare] of text.matchAll(/"([^"]*)"|(\S+)/g)) {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(quoted ?? bare ?? '') ?? [];
    if (name !== undefined)
      scope.set(name, valueOf((value ?? '').replace(/^'(.*)'$/, '$1'), !/[%${]/.test(value ?? ''), { exported: true }));
  }
}
