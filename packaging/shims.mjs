// The shims are plain files that a shell and node read. Two of them share parts: `#include` in src/bin/*.shim.
import { readFileSync, readdirSync } from 'node:fs';

const SOURCES = new URL('../src/bin/', import.meta.url);

/**
 * The text of each file in shims/.
 * @returns {Map<string, string>}
 */
export function shims() {
  const sources = readdirSync(SOURCES).filter((name) => name.endsWith('.shim'));
  return new Map(sources.map((name) => [name.slice(0, -'.shim'.length), withParts(text(name))]));
}

function withParts(source) {
  return source.replace(/^ *(?:#|\/\/)include (\S+)\n/gm, (_, part) => text(`parts/${part}`));
}

function text(name) {
  return readFileSync(new URL(name, SOURCES), 'utf8');
}
