import type { User, World } from '../model.ts';
import { runText } from '../shell/run.ts';
import type { ShellScope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import type { Fragment } from '../text.ts';

/** A map of a process file, from YAML or JavaScript. */
export interface Section {
  get(key: string): Section | null;
  entries(): [string, Section][];
  items(): Section[];
  readonly text: string;
  readonly fragment: Fragment;
}

/** The `deploy` section: `pm2 deploy` runs these on `host` as `user`, except pre-deploy-local. */
export function readDeploy(root: Section, scope: ShellScope, session: Session): void {
  for (const [, target] of root.get('deploy')?.entries() ?? []) {
    const name = target.get('user')?.text ?? '';
    const host = target.get('host')?.items()[0]?.text ?? '';
    const user: User =
      /[${}]/.test(name) || name === ''
        ? { kind: 'variable', text: name || 'user', said: 'deploy.user' }
        : { kind: 'known', name, said: 'deploy.user' };
    const world: World =
      host === '' || /[${}]/.test(host)
        ? { kind: 'variable host', text: host || 'deploy.host' }
        : { kind: 'remote', host };
    for (const [key, script] of target.entries()) {
      if (!/^(pre|post)-(setup|deploy)(-local)?$/.test(key) || script.text === '') continue;
      const shell = key.endsWith('-local')
        ? scope.child()
        : scope.child({ user, world, cwd: null, forms: ['ssh'] }, []);
      runText(script.fragment, shell, session);
    }
  }
}
