// What a package says of itself beyond package.json.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const checkout = join(fileURLToPath(import.meta.url), '../..');

export const { version, description } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));

/** When this version was made: SOURCE_DATE_EPOCH (reproducible-builds.org), else the last change of the changelog. */
export function releaseDate() {
  const { SOURCE_DATE_EPOCH: epoch } = process.env;
  return epoch === undefined ? statSync(join(checkout, 'CHANGELOG.md')).mtime : new Date(Number(epoch) * 1000);
}
