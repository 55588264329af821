import { join } from 'node:path';
import { expect, it } from 'vitest';
import { accountByName } from '../../src/identity/accounts.ts';
import { asUid } from '../../src/runtime/brands.ts';
import { readTyped } from '../../src/sudo/typed.ts';

const self = { euid: asUid(process.geteuid?.() ?? 0), env: {} };
const read = (line: string) => readTyped(line.split(' '), null, self);
const home = accountByName('root')?.homeDirectory ?? '';

it.each([
  ['pm2 start app.js', process.cwd()],
  ['sudo pm2 start app.js', process.cwd()],
  ['sudo -s pm2 start app.js', process.cwd()],
  ['sudo -i pm2 start app.js', home],
  ['sudo -D /srv/web pm2 start app.js', '/srv/web'],
  ['sudo -iD web pm2 start app.js', join(process.cwd(), 'web')],
  ['sudo --chdir=~/web pm2 start app.js', join(home, 'web')],
  ['doas pm2 start app.js', process.cwd()],
  ['run0 --chdir /srv/web pm2 start app.js', '/srv/web'],
  ['pkexec pm2 start app.js', home],
])('%s starts where the real call would', (line, cwd) => {
  expect(read(line)).toMatchObject({ argv: ['start', 'app.js'], cwd });
});

it('has what sudo says of the command', () => {
  expect(read('sudo -n pm2 restart x').env['SUDO_COMMAND']).toBe('pm2 restart x');
  expect(read('pm2 restart x').env['SUDO_COMMAND']).toBeUndefined();
});

it('says which line it does not read', () => {
  expect(() => read('sudo -R /srv/root pm2 list')).toThrow('(-R)');
  expect(() => read('constructor pm2 list')).toThrow('explain takes a pm2 command line, not "constructor"');
});
