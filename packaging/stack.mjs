// npm run --silent stack < REPORT: prints a bug report with the source file and line of each place in a bundle. Run it
// in a checkout of the version that the report is about: the same source gives the same bundle.
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename } from 'node:path';
import { compile, entryPoints, sharing } from '../bundle.mjs';

const { outputFiles } = await compile(entryPoints, 'dist', { sourcemap: 'external' });
const textOf = (name) => outputFiles.find(({ path }) => basename(path) === name)?.text;

process.stdout.write(readFileSync(0, 'utf8').replace(/\S*?([\w-]+\.cjs):(\d+):(\d+)/g, inSource));

function inSource(place, bundle, line, column) {
  const map = textOf(`${bundle}.map`);
  if (map === undefined) return place;
  const text = textOf(bundle).split('\n')[line - 1] ?? '';
  const { originalSource, originalLine, originalColumn } = new SourceMap(JSON.parse(map)).findEntry(
    line - 1,
    columnBeforeSharing(text, column - 1),
  );
  if (originalSource === undefined) return place;
  const file = originalSource.replace(/^(\.\.\/)+/, '');
  return `${place.startsWith('(') ? '(' : ''}${file}:${originalLine + 1}:${originalColumn + 1}`;
}

/** @param text a line of a bundle as esbuild made it */
function columnBeforeSharing(text, column) {
  const strict = '"use strict";';
  let before = column - (text.startsWith(strict) ? sharing(strict).length - strict.length : 0);
  for (const { 0: asked, 1: name, index } of text.matchAll(/require\("node:(fs|path|module)"\)/g)) {
    if (index >= before) break;
    before += asked.length - `__${name}`.length;
  }
  return before;
}
