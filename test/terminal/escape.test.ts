import { expect, it } from 'vitest';
import { escapeControls } from '../../src/terminal/escape.ts';

it.each([
  ['my\u200bapp', 'my\\u200bapp'],
  ['\ufeffmyapp', '\\ufeffmyapp'],
  ['my\u00adapp', 'my\\xadapp'],
  ['my\u2060app', 'my\\u2060app'],
  ['myapp\u3164', 'myapp\\u3164'],
  ['myapp\u{e0041}', 'myapp\\udb40\\udc41'],
  ['a\u202eb', 'a\\u202eb'],
])('%j is shown as another name than the one that it looks like', (name, shown) => {
  expect(escapeControls(name)).toBe(shown);
});

it.each(['größe', '東京', 'приложение', 'app-🚀', 'a b'])('%s is shown as it is', (name) => {
  expect(escapeControls(name)).toBe(name);
});
