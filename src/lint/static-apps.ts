import type { Identity } from '../identity/switch-user.ts';
import type { App } from '../pm2/invocation.ts';
import { PROCESS_FILE, withRights } from './rights.ts';
import type { Section } from './readers/deploy-section.ts';
import { strings } from './readers/strings.ts';
import { objectOf } from './readers/static-object.ts';
import { documents } from './readers/yaml/node.ts';
import type { StaticApps } from './judge.ts';
import { Fragment } from './text.ts';

/** Finds the process file of a call, from the calling file's directory upwards, and reads its app names. */
export function staticAppsFrom(source: string, rights?: Identity): StaticApps {
  return (word) => {
    if (/[$~*]/.test(word)) return null;
    const found = withRights(rights, PROCESS_FILE, { source, word });
    return found?.read.type === 'text' ? appsOf(found.path, found.read.text) : null;
  };
}

function appsOf(path: string, text: string): App[] | null {
  const fragment = new Fragment(text, 0);
  const root: Section | null = /\.(json|ya?ml)$/.test(path)
    ? (documents(fragment)[0] ?? null)
    : objectOf(fragment, strings);
  const list = root?.get('apps')?.items() ?? root?.items() ?? [];
  const apps = list.map((app): App | null => {
    const name = app.get('name')?.text ?? '';
    return name === '' || name.includes('$')
      ? null
      : { name, namespace: app.get('namespace')?.text ?? null, script: null, cwd: null };
  });
  return apps.length > 0 && apps.every((app) => app !== null) ? apps : null;
}
