import type { Fragment } from '../text.ts';
import { runText } from '../shell/run.ts';
import type { ShellScope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import { readDeploy } from './deploy-section.ts';
import { strings } from './strings.ts';
import { objectOf } from './static-object.ts';
import { documents } from './yaml/node.ts';

/** package.json: npm puts node_modules/.bin first in PATH, so the project's pm2 comes before the host's. */
export function readPackage(fragment: Fragment, scope: ShellScope, session: Session): void {
  const [root] = documents(fragment);
  if (!root) return;
  const own = ['dependencies', 'devDependencies', 'optionalDependencies'].some((key) => root.get(key)?.get('pm2'));
  for (const [name, script] of root.get('scripts')?.entries() ?? []) {
    const { calls } = session.reading;
    const before = calls.length;
    if (script.text === '') continue;
    runText(script.fragment, scope.child({ forms: ['package script'] }), session);
    for (const call of calls.slice(before)) {
      call.script = name;
      if (own && call.reached === 'pm2') call.reached = 'local';
    }
  }
}

/** A process file is read, never evaluated. */
export function readProcessFile(fragment: Fragment, scope: ShellScope, session: Session): void {
  const root =
    /^\s*[{[]/.test(fragment.text) || !/\bmodule\.exports|export default|=>|\bconst\b/.test(fragment.text)
      ? (documents(fragment)[0] ?? null)
      : objectOf(fragment, strings);
  if (root) readDeploy(root, scope, session);
}
