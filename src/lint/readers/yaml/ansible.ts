import { isAbsolute } from 'node:path';
import type { LintCall, Form, User } from '../../model.ts';
import { kindOfPath, kindOfText } from '../../kinds.ts';
import { contextOfPath } from '../../context.ts';
import { runText } from '../../shell/run.ts';
import { ShellScope } from '../../shell/scope.ts';
import type { Session } from '../../shell/session.ts';
import { namedUser, setAll } from './common.ts';
import type { Node } from './node.ts';

/** The user of tasks: `become_user` if `become` is on, else the login. */
interface Rights {
  become: boolean;
  becomeUser: User;
  login: User;
}

const ROOT: User = { kind: 'known', name: 'root', said: 'become' };
const MODULE =
  /^(?:ansible\.(?:builtin|legacy|posix)\.|community\.general\.)?(shell|command|raw|cron|copy|lineinfile|blockinfile)$/;

/** Ansible plays, or the tasks of a role. */
export function readAnsible(list: Node, scope: ShellScope, session: Session): void {
  const unset: User = { kind: 'unset' };
  const start: Rights = { become: false, becomeUser: ROOT, login: scope.user };
  const registered = new Map<string, LintCall[]>();
  for (const item of list.items()) {
    const hosts = item.get('hosts');
    if (!hosts) {
      task(
        item,
        start,
        scope.child({ world: { kind: 'remote', host: 'the host of the play' } }, []),
        session,
        registered,
      );
      continue;
    }
    const local = /^(localhost|127\.0\.0\.1)$/.test(hosts.text) || item.get('connection')?.text === 'local';
    const login = namedUser(
      item.first('remote_user', 'user') ?? item.get('vars')?.get('ansible_user') ?? null,
      'remote_user',
    );
    const rights = rightsOf(item, { ...start, login: local ? unset : login });
    const play = scope.child({ world: local ? { kind: 'here' } : { kind: 'remote', host: hosts.text } }, []);
    setAll(item.get('environment'), play);
    for (const key of ['pre_tasks', 'tasks', 'post_tasks', 'handlers'])
      for (const one of item.get(key)?.items() ?? []) task(one, rights, play, session, registered);
  }
}

function rightsOf(node: Node, outer: Rights): Rights {
  const become = node.get('become') ?? node.get('sudo');
  const named = node.first('become_user', 'sudo_user');
  const login = node.get('remote_user');
  return {
    become: become ? /^(true|yes|on|1)$/i.test(become.text) : outer.become,
    becomeUser: named ? namedUser(named, 'become_user') : outer.becomeUser,
    login: login ? namedUser(login, 'remote_user') : outer.login,
  };
}

function task(
  node: Node,
  outer: Rights,
  scope: ShellScope,
  session: Session,
  registered: Map<string, LintCall[]>,
): void {
  const rights = rightsOf(node, outer);
  const own = scope.fork();
  setAll(node.get('environment'), own);
  for (const key of ['block', 'rescue', 'always'])
    for (const one of node.get(key)?.items() ?? []) task(one, rights, own, session, registered);
  const user = rights.become ? rights.becomeUser : rights.login;
  const when =
    node
      .get('when')
      ?.items()
      .map(({ text }) => text)
      .join(' ') ?? '';
  const onlyAfter = [...registered].flatMap(([name, calls]) =>
    new RegExp(`\\b${name.replace(/\W/g, '')}\\b`).test(when) ? calls : [],
  );
  const ignored = /^(true|yes)$/i.test(node.get('ignore_errors')?.text ?? '')
    ? 'ignore_errors'
    : node.get('failed_when')?.text === 'false'
      ? 'failed_when: false'
      : null;
  const register = node.get('register')?.text;
  // A task with a registered result is a check, so an ignored failure hides nothing.
  const hidden = register === undefined ? ignored : null;
  const before = session.reading.calls.length;
  for (const [key, settings] of node.entries()) {
    const [, name] = MODULE.exec(key) ?? [];
    if (name !== undefined)
      session.within({ onlyAfter, hidden, asked: register !== undefined }, () => {
        runModule(name, settings, node, user, own, session);
      });
  }
  if (register !== undefined) registered.set(register, session.reading.calls.slice(before));
}

function runModule(name: string, settings: Node, node: Node, user: User, scope: ShellScope, session: Session): void {
  const forms: Form[] = [];
  switch (name) {
    case 'shell':
    case 'command':
    case 'raw': {
      const script = settings.isMap ? settings.first('cmd', '_raw_params', 'argv') : settings;
      const chdir = (settings.isMap ? settings.get('chdir') : null) ?? node.get('args')?.get('chdir') ?? null;
      const child = scope.child({ user, forms, cwd: chdir !== null && isAbsolute(chdir.text) ? chdir.text : null });
      if (script && !script.isList) runText(script.fragment, child, session);
      return;
    }
    case 'cron': {
      const job = settings.get('job');
      const reboot = settings.get('special_time')?.text === 'reboot';
      const owner = settings.get('user');
      if (job)
        runText(
          job.fragment,
          scope.child(
            {
              user: owner ? namedUser(owner, 'user of the cron task') : user,
              forms: reboot ? ['cron', 'reboot'] : ['cron'],
            },
            [],
          ),
          session,
        );
      return;
    }
    default: {
      const [content, path] = [settings.first('content', 'block', 'line'), settings.first('dest', 'path')?.text ?? ''];
      const kind = content ? (kindOfPath(path) ?? kindOfText(content.text)) : null;
      if (content && kind !== null) {
        const place = contextOfPath(path);
        session.readPart(kind, content.fragment, new ShellScope(place.user, scope.world, null, place.forms), session);
      }
    }
  }
}
