import type { UnitPart, User } from '../model.ts';
import { Fragment, FragmentBuilder } from '../text.ts';
import { settingWords } from '../../host/boot/unit-file.ts';
import { runText } from '../shell/run.ts';
import { valueOf, type ShellScope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import { linesOf, trimmed } from './lines.ts';

interface Directive {
  name: string;
  value: Fragment;
  /** The other file of the unit that holds it; null: the file that is read. */
  from: string | null;
}

const UNKNOWN: User = { kind: 'variable', text: 'User= of the unit, which was not given', said: 'User=' };

/**
 * systemd.service(5): ExecStart= and the like, with User= and Environment=. Without User= it is root. The user of a
 * drop-in without its unit is unknown.
 * @param files all files of the unit, in order, including the one that is read
 */
export function readUnit(
  fragment: Fragment,
  scope: ShellScope,
  session: Session,
  { files = null, isDropIn = false }: { files?: readonly UnitPart[] | null; isDropIn?: boolean } = {},
): void {
  const directives =
    files === null ? directivesOf(fragment) : files.flatMap((one) => partOf(one, fragment, session.path));
  const last = (name: string): Directive | undefined => directives.filter((one) => one.name === name).at(-1);
  const named = last('User');
  // A unit of a user's own manager runs as that user.
  const isUsers = isDropIn || /\/systemd\/user\//.test(session.path);
  const given: User = isDropIn && scope.user.kind === 'unset' ? UNKNOWN : scope.user;
  const user = named === undefined && isUsers ? given : userOf(named);
  const service = scope.child({ user, forms: ['unit'], cwd: last('WorkingDirectory')?.value.text ?? null }, []);
  for (const { name, value } of standing(directives)) if (name === 'Environment') assign(value.text, service);
  for (const { name, value, from } of standing(directives)) {
    if (from !== null || !/^Exec(Start|StartPre|StartPost|Stop|StopPost|Reload|Condition)$/.test(name)) continue;
    const [prefix = ''] = /^[@:+!|-]*/.exec(value.text) ?? [];
    // `!!` only matters on a kernel without ambient capabilities (systemd.service(5)).
    const user: User = /[+!]/.test(prefix.replace('!!', ''))
      ? { kind: 'known', name: 'root', said: `the ${prefix} of ${name}=` }
      : service.user;
    const command = trimmed(value.slice(prefix.length, value.text.length));
    const line = prefix.includes('@') ? withoutTitle(command) : command;
    session.within({ hidden: prefix.includes('-') ? `the leading - of ${name}=` : null }, () =>
      runText(line, service.child({ user }), session),
    );
  }
}

/** `@/usr/bin/pm2 title restart app`: the second word is what the process is called. */
function withoutTitle(command: Fragment): Fragment {
  const [, program = '', title = ''] = /^(\S+)(\s+\S+)/.exec(command.text) ?? [];
  return new FragmentBuilder()
    .addFragment(command.slice(0, program.length))
    .addFragment(command.slice(program.length + title.length, command.text.length))
    .build();
}

function partOf({ path, text }: UnitPart, fragment: Fragment, own: string): Directive[] {
  return path === own ? directivesOf(fragment) : directivesOf(new Fragment(text, 0), path);
}

/** An empty assignment resets the earlier ones of the same name. */
function standing(directives: readonly Directive[]): Directive[] {
  const resets = new Map(directives.flatMap(({ name, value }, at) => (value.text === '' ? [[name, at]] : [])));
  return directives.filter(({ name, value }, at) => value.text !== '' && at > (resets.get(name) ?? -1));
}

/** supervisord's [program:x] sections: `command=` as `user=`. */
export function readSupervisor(fragment: Fragment, scope: ShellScope, session: Session): void {
  let at = 0;
  for (const section of fragment.text.split(/(?=^\[)/m)) {
    const directives = directivesOf(fragment.slice(at, at + section.length));
    at += section.length;
    const command = directives.find(({ name }) => name === 'command')?.value;
    const user = directives.find(({ name }) => name === 'user');
    if (command) runText(command, scope.child({ user: userOf(user), forms: [] }), session);
  }
}

function directivesOf(fragment: Fragment, from: string | null = null): Directive[] {
  return linesOf(withoutComments(fragment), true).flatMap((line) => {
    const [head, name] = /^\s*(\w+)\s*=/.exec(line.text) ?? [];
    return head === undefined || name === undefined
      ? []
      : [{ name, value: trimmed(line.slice(head.length, line.text.length)), from }];
  });
}

/** A comment never continues on the next line, and may stand between continued lines (systemd.syntax(7)). */
function withoutComments(fragment: Fragment): Fragment {
  const builder = new FragmentBuilder();
  let at = 0;
  for (const { index, 0: comment } of fragment.text.matchAll(/^[ \t]*[#;].*(?:\n|$)/gm)) {
    builder.addFragment(fragment.slice(at, index));
    at = index + comment.length;
  }
  return at === 0 ? fragment : builder.addFragment(fragment.slice(at, fragment.text.length)).build();
}

function userOf(directive: Directive | undefined): User {
  const name = directive?.value.text ?? '';
  if (name === '') return { kind: 'known', name: 'root', said: 'the missing User=' };
  const from = directive?.from ?? null;
  const said = from === null ? 'User=' : `User= in ${from}`;
  return /[%${]/.test(name) ? { kind: 'variable', text: name, said } : { kind: 'known', name, said };
}

function assign(text: string, scope: ShellScope): void {
  for (const word of settingWords(text.replace(/\\\r?\n/g, ' '))) {
    const [, name, value = ''] = /^(\w+)=(.*)$/s.exec(word) ?? [];
    if (name !== undefined) scope.set(name, valueOf(value, !/[%${]/.test(value), { exported: true }));
  }
}
