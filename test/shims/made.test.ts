import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { shims } from '../../packaging/shims.mjs';

it.each([...shims()])('shims/%s is what npm run build makes of src/bin', (name, text) => {
  expect(readFileSync(`shims/${name}`, 'utf8')).toBe(text);
});

it('the shims have no part left out', () => {
  for (const text of shims().values()) expect(text).not.toMatch(/include \S+\.(sh|js)/);
});
