import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { expect, it } from 'vitest';
import { DOOR_MARK } from '../../src/pm2/installed.ts';
import { doorText } from '../../src/seal/text.ts';
import { binOf, versions } from '../pm2/real.ts';

const door = readFileSync('src/bin/door.cjs', 'utf8');
/** PM2 7.0.0 to 7.0.3 differ from all others in how they start. */
const polyglot =
  '#!/bin/sh\n\':\' //; exec "$(command -v node || command -v bun)" "$0" ' +
  '"$@"\n\nrequire(\'../lib/binaries/CLI.js\');\n';
const textOf = (original: string) => {
  const made = doorText(original, door);
  return made.type === 'text' ? made.text : '';
};

it.each(versions)('PM2 %s is started by what started it before', (version) => {
  const text = textOf(readFileSync(binOf(version), 'utf8'));
  expect(text.split('\n')[0]).toBe('#!/usr/bin/env node');
  expect(text.slice(0, 1024)).toContain(DOOR_MARK);
});

it('a shell script that becomes node stays one, to the shell and to node', () => {
  const text = textOf(polyglot);
  expect(text.split('\n').slice(0, 2)).toEqual(polyglot.split('\n').slice(0, 2));
  expect(text.slice(0, 1024)).toContain(DOOR_MARK);
  expect(() => new Script(text)).not.toThrow();
  execFileSync('/bin/sh', ['-n'], { input: text.split('\n').slice(0, 2).join('\n') });
});

it.each([
  ['', 'nothing'],
  ['#!/bin/sh\nexec authbind --deep pm2 "$@"\n', 'a wrapper'],
  ['#!/usr/bin/python3\n', 'another language'],
  ['require("../lib/binaries/CLI.js")\n', 'no first line'],
  ['\x7fELF', 'a program'],
  ['#!/usr/bin/env nodemon\n', 'what is only called alike'],
])('%j is left alone: %s', (text) => {
  expect(doorText(text, door)).toMatchObject({ type: 'foreign' });
});
