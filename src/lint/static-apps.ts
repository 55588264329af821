import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Identity } from '../identity/switch-user.ts';
import type { App } from '../pm2/invocation.ts';
import { readText } from './files.ts';
import { asRights } from './host-files.ts';
import type { Section } from './readers/deploy-section.ts';
import { strings } from './readers/strings.ts';
import { objectOf } from './readers/static-object.ts';
import { documents } from './readers/yaml/node.ts';
import type { StaticApps } from './judge.ts';
import { Fragment } from './text.ts';

/**
 * Finds the process file that a call names, from the directory of the file that makes the call upwards, and reads the
 * names of its apps.
 */
export function staticAppsFrom(source: string, rights?: Identity): StaticApps {
  return (word) =>
    asRights(rights, () => {
      if (/[$~*]/.test(word)) return null;
      let directory = dirname(source);
      for (let step = 0; step < 6; step++) {
        const path = isAbsolute(word) ? word : join(directory, word);
        if (existsSync(path)) return appsOf(path);
        if (isAbsolute(word) || directory === dirname(directory)) return null;
        directory = dirname(directory);
      }
      return null;
    });
}

function appsOf(path: string): App[] | null {
  const read = readText(path);
  if (read.type !== 'text') return null;
  const fragment = new Fragment(read.text, 0);
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
