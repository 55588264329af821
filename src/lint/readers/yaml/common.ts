import type { User, World } from '../../model.ts';
import { runText } from '../../shell/run.ts';
import { valueOf, type ShellScope } from '../../shell/scope.ts';
import type { Session } from '../../shell/session.ts';
import type { Node } from './node.ts';

/** Whether a text has a placeholder: `${{ secrets.HOST }}`, `{{ host }}`, `$HOST`. */
export function varies(text: string): boolean {
  return /\{\{|\$\{|\$\(|\$[A-Za-z_]|<%|%\{/.test(text);
}

export function namedUser(node: Node | null, said: string): User {
  const text = node?.text ?? '';
  if (text === '') return { kind: 'unset' };
  return varies(text) ? { kind: 'variable', text, said } : { kind: 'known', name: text, said };
}

export function namedHost(node: Node | null): World {
  const text = node?.text ?? '';
  return text === '' || varies(text)
    ? { kind: 'variable host', text: text === '' ? 'a host' : text }
    : { kind: 'remote', host: text };
}

export function setAll(variables: Node | null, scope: ShellScope): void {
  for (const [name, value] of variables?.entries() ?? [])
    scope.set(name, valueOf(value.text, !varies(value.text), { exported: true }));
}

/** Runs the items of a script, or its one text, in one shell. */
export function runAll(script: Node | null, scope: ShellScope, session: Session): void {
  for (const item of script?.items() ?? []) {
    if (item.isList) runAll(item, scope, session);
    else if (item.text !== '') runText(item.fragment, scope, session);
    scope.ended = false;
  }
}

/** A step that runs its script over ssh. The keys are those of the common actions and plugins. */
export function runOverSsh(settings: Node, scope: ShellScope, session: Session): boolean {
  const scripts = settings.first(
    'script',
    'command',
    'commands',
    'last_ssh',
    'first_ssh',
    'SCRIPT_AFTER',
    'script_after',
    'COMMAND',
    'inline',
    'execCommand',
  );
  const host = settings.first(
    'host',
    'hosts',
    'REMOTE_HOST',
    'remote_host',
    'SERVER',
    'hostname',
    'server',
    'sshEndpoint',
    'HOST',
    'ip',
  );
  if (!scripts || !host) return false;
  const user = settings.first('username', 'user', 'REMOTE_USER', 'remote_user', 'SSH_USER', 'USERNAME');
  const there = scope.child(
    { user: namedUser(user, 'the login of ssh'), world: namedHost(host), cwd: null, forms: ['ssh'] },
    [],
  );
  runAll(scripts, there, session);
  return true;
}
