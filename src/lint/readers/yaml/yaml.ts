import { contextOfPath } from '../../context.ts';
import { kindOfPath, kindOfText } from '../../kinds.ts';
import { FragmentBuilder, type Fragment } from '../../text.ts';
import { runText } from '../../shell/run.ts';
import { ShellScope } from '../../shell/scope.ts';
import type { Session } from '../../shell/session.ts';
import { readDeploy } from '../deploy-section.ts';
import { readAnsible } from './ansible.ts';
import { appspec, azure, bitbucket, circle, github, gitlab, travis } from './ci.ts';
import { setAll } from './common.ts';
import { documents, type Node } from './node.ts';

/** YAML that holds commands. Its keys tell the kind, because file names vary. */
export function readYaml(fragment: Fragment, scope: ShellScope, session: Session): void {
  const cloud = /^#cloud-config\b/m.test(fragment.text.slice(0, 400));
  for (const root of documents(fragment)) {
    if (cloud) readCloudInit(root, scope, session);
    else readRoot(root, session.path, scope, session);
  }
}

function readRoot(root: Node, path: string, scope: ShellScope, session: Session): void {
  if (root.isList) readAnsible(root, scope, session);
  else if (root.get('jobs') && (root.get('on') ?? root.get('true'))) github(root, scope, session);
  else if (root.get('hooks') && (root.get('os') ?? root.get('files'))) appspec(root, scope, session);
  else if (root.get('pipelines')) bitbucket(root, scope, session);
  else if (
    root.get('jobs') &&
    (root.get('workflows') ?? root.get('executors') ?? root.get('orbs') ?? root.get('version'))
  )
    circle(root, scope, session);
  else if (isAzure(root)) azure(root, scope, session);
  else if (root.get('kind')?.text === 'pipeline' || root.get('language') || /travis|drone|woodpecker/.test(path))
    travis(root, scope, session);
  else if (root.get('apps')) readDeploy(root, scope, session);
  else if (root.get('runcmd') ?? root.get('bootcmd') ?? root.get('write_files')) readCloudInit(root, scope, session);
  else if (root.get('jobs')) github(root, scope, session);
  else if (root.get('services'))
    return; // compose: containers
  else if (root.get('stages') ?? root.entries().some(([, one]) => one.get('script'))) gitlab(root, scope, session);
  else if (root.get('tasks')) readTaskfile(root, scope, session);
}

function isAzure(root: Node): boolean {
  const steps = root.get('steps')?.items() ?? [];
  return (
    Boolean(root.get('trigger') ?? root.get('pool')) || steps.some((step) => step.get('task') ?? step.get('script'))
  );
}

/** cloud-init: root runs runcmd and bootcmd, and files are written. */
function readCloudInit(root: Node, scope: ShellScope, session: Session): void {
  const shell = scope.child({ user: { kind: 'known', name: 'root', said: 'cloud-init' } }, []);
  for (const key of ['bootcmd', 'runcmd']) {
    for (const item of root.get(key)?.items() ?? []) {
      if (item.isList) runWords(item.items(), shell.fork(), session);
      else if (item.text !== '') runText(item.fragment, shell.fork(), session);
    }
  }
  for (const file of root.get('write_files')?.items() ?? []) {
    const [path, content] = [file.get('path')?.text ?? '', file.get('content')];
    const kind = content ? (kindOfPath(path) ?? kindOfText(content.text)) : null;
    if (!content || kind === null) continue;
    const { user, forms } = contextOfPath(path);
    session.readPart(kind, content.fragment, new ShellScope(user, scope.world, null, forms), session);
  }
}

function runWords(words: readonly Node[], scope: ShellScope, session: Session): void {
  const builder = new FragmentBuilder();
  for (const word of words) {
    const { fragment } = word;
    const quoted = /[^\w@%+=:,./-]/.test(fragment.text);
    builder
      .add(quoted ? "'" : '', fragment.at(0), true)
      .addFragment(fragment)
      .add(quoted ? "' " : ' ', fragment.at(fragment.text.length), true);
  }
  runText(builder.build(), scope, session);
}

function readTaskfile(root: Node, scope: ShellScope, session: Session): void {
  for (const [, task] of root.get('tasks')?.entries() ?? []) {
    const shell = scope.child();
    setAll(task.get('env'), shell);
    for (const item of task.get('cmds')?.items() ?? []) {
      const command = item.isMap ? item.get('cmd') : item;
      const hidden = item.get('ignore_error')?.text === 'true' ? 'ignore_error: true' : null;
      if (command && command.text !== '')
        session.within({ hidden }, () => runText(command.fragment, shell.fork(), session));
    }
  }
}
