import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** What takes root, a bundle or a download: throwaway hosts, namespaces, dist/, and what test/harness fetches. */
const NEEDS = /\bunshare\b|['"`/]dist\/|\.cache\//;

/** What needs modules of its own: other test files of the same process would see the replaced ones. */
const REPLACES_MODULES = /\bvi\.mock\(/;

/**
 * The test files, apart by what they need: `unit` and `replacing` run everywhere, `host` needs root on Linux. A file
 * belongs to `host` where it, or a file of test/ that it imports, is of test/harness or names what takes a host.
 * `replacing` holds those of the others that replace modules.
 *
 * @param root of the repository
 */
export function testProjects(root: string): { unit: string[]; replacing: string[]; host: string[] } {
  const needing = new Map<string, boolean>();
  const needsHost = (file: string): boolean => {
    const known = needing.get(file);
    if (known !== undefined) return known;
    needing.set(file, false); // a circle of imports
    const text = readFileSync(join(root, file), 'utf8');
    const imported = [...text.matchAll(/from '(\.[^']*\.ts)'/g)]
      .map(([, path = '']) => normalize(join(dirname(file), path)))
      .filter((path) => path.startsWith('test/') && existsSync(join(root, path)));
    const needs = file.startsWith('test/harness/') || NEEDS.test(text) || imported.some(needsHost);
    needing.set(file, needs);
    return needs;
  };
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name}`)
    .sort();
  const unit = files.filter((file) => !needsHost(file));
  const replaces = (file: string): boolean => REPLACES_MODULES.test(readFileSync(join(root, file), 'utf8'));
  return {
    unit: unit.filter((file) => !replaces(file)),
    replacing: unit.filter(replaces),
    host: files.filter(needsHost),
  };
}
