import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { appCures, pathCures, sealCure } from '../../src/verify/cures.ts';
import { account } from '../identity/account.ts';

const alice = account('alice', 1003);
const root = { ...account('root', 0), home: '/root' };
/** The words that a shell makes of a command line. */
const words = (line: string | undefined): string[] =>
  spawnSync('/bin/sh', ['-c', `printf '%s\\n' ${line ?? ''}`], { encoding: 'utf8' })
    .stdout.trimEnd()
    .split('\n');

it('a command that root pastes is safe with every name of a directory', () => {
  const odd = '/srv/a b; $(reboot)\'"*';
  expect(words(sealCure(`${odd}/node_modules/pm2/bin/pm2`, null))).toEqual([
    'sudo',
    'pm2-guard',
    'seal',
    '--path',
    `${odd}/node_modules/pm2/bin/pm2`,
  ]);
  expect(appCures(odd).map(words)).toEqual([
    ['npm', '--prefix', odd, 'uninstall', 'pm2'],
    ['sudo', 'pm2-guard', 'seal', '--path', `${odd}/node_modules/pm2`],
  ]);
  const [line = ''] = pathCures(
    { type: 'shell', shell: 'bash', login: true, file: '~/.bashrc' },
    { ...alice, homeDirectory: odd },
    true,
  );
  expect(line.split(' | ')[0]).toBe("echo 'PATH=/usr/local/lib/pm2-guard/bin:$PATH'");
  expect(words(line.split(' | ')[1])).toEqual(['sudo', '-u', 'alice', 'tee', '-a', `${odd}/.bashrc`]);
});

it("a pm2 is sealed where it is: the host's, a user's own, root's version manager's", () => {
  expect(sealCure('/usr/lib/node_modules/pm2/bin/pm2', root)).toBe('sudo pm2-guard seal');
  expect(sealCure('/home/alice/.nvm/versions/node/v22/bin/pm2', alice)).toBe('sudo pm2-guard seal --user alice');
  expect(sealCure('/root/.nvm/versions/node/v22/bin/pm2', root)).toBe(
    'sudo pm2-guard seal --path /root/.nvm/versions/node/v22/bin/pm2',
  );
});
