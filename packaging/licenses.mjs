// Whose code is in the bundles, and what its licences ask to be told.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './release.mjs';

/**
 * The packages that esbuild has taken something from, by name.
 *
 * @param {import('esbuild').Metafile} metafile
 * @throws Error where one does not say how it may be used
 */
export function bundledPackages({ outputs }) {
  // Files that esbuild read but left out of the outputs do not count.
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.keys(inputs).filter((file) => inputs[file].bytesInOutput > 0),
  );
  const ofPackage = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;
  const directories = new Set(files.map((file) => ofPackage.exec(file)?.[0]).filter(Boolean));
  return [...directories].sort().map((directory) => {
    const { name, version, license } = JSON.parse(readFileSync(join(checkout, directory, 'package.json'), 'utf8'));
    const file = readdirSync(join(checkout, directory)).find((entry) => /^licen[cs]e/i.test(entry));
    if (typeof license !== 'string' || file === undefined || !existsSync(join(checkout, directory, file)))
      throw new Error(`${directory} has no licence`);
    const text = readFileSync(join(checkout, directory, file), 'utf8').replace(/\r\n/g, '\n').trim();
    return { name, version, license, text };
  });
}

/** One text with all of them, which goes wherever the bundles go. */
export function notices(packages) {
  const each = packages.map(({ name, version, license, text }) => `${name} ${version} (${license})\n\n${text}\n`);
  return ['The bundles of pm2-guard contain code of these packages.\n', ...each].join(`\n${'-'.repeat(72)}\n\n`);
}
