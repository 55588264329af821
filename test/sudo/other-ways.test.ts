import { describe, expect, it } from 'vitest';
import { asUid } from '../../src/runtime/brands.ts';
import { otherEnvironment, readOtherWay } from '../../src/sudo/other-ways.ts';
import { account } from '../identity/account.ts';

const login = { uid: asUid(1000), name: 'deploy' };
const ops = { ...account('ops', 1001), shell: '/bin/bash' };
const read = (line: string) => {
  const way = readOtherWay(line.split(' '));
  return way === null ? null : { user: way.user, words: way.words.join(' ') };
};

describe('doas, run0 and pkexec', () => {
  it.each([
    ['doas pm2 restart x', null, 'pm2 restart x'],
    ['/usr/bin/doas -n pm2 list', null, 'pm2 list'],
    ['doas -u ops pm2 list', 'ops', 'pm2 list'],
    ['doas -nuops pm2 list -a', 'ops', 'pm2 list -a'],
    ['doas -C /etc/doas.conf -u ops -- pm2 list', 'ops', 'pm2 list'],
    ['run0 pm2 restart x', null, 'pm2 restart x'],
    ['run0 --user=ops --pipe pm2 list', 'ops', 'pm2 list'],
    ['run0 -u ops -D /srv pm2 list', 'ops', 'pm2 list'],
    ['run0 --user ops --setenv=NODE_ENV=test pm2 list', 'ops', 'pm2 list'],
    ['pkexec pm2 list', null, 'pm2 list'],
    ['pkexec --user ops pm2 list', 'ops', 'pm2 list'],
    ['doas -s', null, ''],
  ])('%s', (line, user, words) => {
    expect(read(line)).toEqual({ user, words });
  });

  it('leaves everything else', () => {
    expect(read('sudo pm2 list')).toBeNull();
    expect(read('pm2 list')).toBeNull();
    expect(readOtherWay([])).toBeNull();
    for (const word of ['constructor', 'toString', '__proto__', '/bin/valueOf'])
      expect([word, readOtherWay([word, 'pm2', 'list'])]).toEqual([word, null]);
  });

  it.each([
    ['doas pm2 list', 'same'],
    ['run0 pm2 list', 'same'],
    ['run0 --user=root pm2 list', 'same'],
    ['run0 -u ops pm2 list', 'home directory'],
    ['run0 -D /srv -u ops pm2 list', { path: '/srv' }],
    ['doas -u ops pm2 list', 'same'],
    ['run0 -D /srv pm2 list', { path: '/srv' }],
    ['run0 --chdir=~/x pm2 list', { path: '~/x' }],
    ['pkexec pm2 list', 'home directory'],
    ['pkexec --keep-cwd pm2 list', 'same'],
  ])('%s starts in its directory', (line, directory) => {
    expect(readOtherWay(line.split(' '))?.directory).toEqual(directory);
  });

  it('say who typed it, in the environment of a fresh login', () => {
    const environment = (line: string) => {
      const way = readOtherWay(line.split(' '));
      return way === null ? {} : otherEnvironment(way, login, ops);
    };
    const fresh = { HOME: '/home/ops', USER: 'ops', LOGNAME: 'ops', SHELL: '/bin/bash' };
    expect(environment('doas -u ops pm2 list')).toMatchObject({ ...fresh, DOAS_USER: 'deploy' });
    expect(environment('run0 --setenv=A=b=c pm2 list')).toMatchObject({ ...fresh, A: 'b=c', SUDO_UID: '1000' });
    expect(environment('pkexec pm2 list')).toMatchObject({ ...fresh, PKEXEC_UID: '1000' });
  });
});
