import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { becomeRootBy } from '../../src/terminal/root-command.ts';
import { startupFile } from '../../src/verify/shells.ts';
import { appCures, pathCures, sealCure } from '../../src/verify/cures.ts';
import { account } from '../identity/account.ts';

const alice = account('alice', 1003);
const root = { ...account('root', 0), home: '/root' };
let directory: string;
beforeEach(() => {
  becomeRootBy('sudo');
  directory = mkdtempSync(join(tmpdir(), 'pm2-guard-cures-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});
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

it('a crontab gets the PATH that its jobs see, however its own PATH line is written', () => {
  const file = join(directory, 'table');
  const SHIMS = '/usr/local/lib/pm2-guard/bin';
  const cured = (text: string, path: string, setsPath: boolean): string => {
    writeFileSync(file, text);
    const [cure = ''] = pathCures({ type: 'cron', table: { file, path, setsPath } }, alice, true);
    expect(cure).toMatch(/^sudo sed -i /);
    expect(spawnSync('/bin/sh', ['-c', cure.replace(/^sudo /, '')]).status).toBe(0);
    return readFileSync(file, 'utf8');
  };
  const job = '* * * * * alice pm2 ls\n';
  expect(cured(job, '/usr/bin:/bin', false)).toBe(`PATH=${SHIMS}:/usr/local/bin:/usr/bin:/bin\n${job}`);
  for (const [line, changed] of [
    ['PATH=/usr/bin:/bin', `PATH=${SHIMS}:/usr/bin:/bin`],
    ["PATH='/a b:/bin'", `PATH='${SHIMS}:/a b:/bin'`],
    ['  PATH = "/a:/bin"', `  PATH = "${SHIMS}:/a:/bin"`],
    ['\tPATH\t=/a', `\tPATH\t=${SHIMS}:/a`],
  ] as const)
    expect(cured(`MYPATH=/x\n${line}\n${job}`, '/a', true)).toBe(`MYPATH=/x\n${changed}\n${job}`);
});

it('a unit keeps the rest of its PATH', () => {
  const settings = (path: string): string => {
    const [cure = ''] = pathCures({ type: 'systemd', service: 'a b.service', path }, alice, true);
    const [made, written = '', rest] = cure.split(/ && | \| /);
    expect(words(made)).toEqual(['sudo', 'mkdir', '-p', '/etc/systemd/system/a b.service.d']);
    expect(rest).toBe("sudo tee '/etc/systemd/system/a b.service.d/pm2-guard.conf'");
    return spawnSync('/bin/sh', ['-c', written], { encoding: 'utf8' }).stdout;
  };
  expect(settings('/opt/node/bin:/bin')).toBe(
    '[Service]\nEnvironment=PATH=/usr/local/lib/pm2-guard/bin:/opt/node/bin:/bin\n',
  );
  expect(settings('/a b/%h"\\:/bin')).toBe(
    '[Service]\nEnvironment="PATH=/usr/local/lib/pm2-guard/bin:/a b/%%h\\"\\\\:/bin"\n',
  );
});

it('a command is one of this host, and needs no right that its caller may lack', () => {
  const bash = { type: 'shell', shell: 'bash', login: true, file: '~/.profile' } as const;
  const cron = { type: 'cron', table: null } as const;
  becomeRootBy('doas');
  expect(pathCures(bash, alice, true)).toEqual([
    "echo 'PATH=/usr/local/lib/pm2-guard/bin:$PATH' | doas -u alice tee -a /home/alice/.profile",
  ]);
  expect(pathCures(cron, alice, true)[0]).toContain('| doas crontab -u alice -');
  const { geteuid } = process;
  process.geteuid = () => alice.uid;
  try {
    expect(pathCures(bash, alice, true)).toEqual([
      "echo 'PATH=/usr/local/lib/pm2-guard/bin:$PATH' >> /home/alice/.profile",
    ]);
    expect(pathCures(cron, alice, true)[0]).toMatch(/; crontab -l\) \| crontab -$/);
  } finally {
    if (geteuid) process.geteuid = geteuid;
  }
  expect(pathCures({ ...bash, shell: 'tcsh' }, alice, true)).toEqual([]);
});

it('a PATH line goes to the startup file that is read last', () => {
  const at = { homeDirectory: directory };
  const of = (shell: string, login: boolean, interactive: boolean) => startupFile(shell, at, { login, interactive });
  expect([of('bash', true, true), of('bash', true, false), of('bash', false, true)]).toEqual([
    '~/.profile',
    '~/.profile',
    '~/.bashrc',
  ]);
  expect([of('zsh', true, true), of('zsh', true, false), of('zsh', false, true)]).toEqual([
    '~/.zshrc',
    '~/.zprofile',
    '~/.zshrc',
  ]);
  for (const name of ['.profile', '.bash_login', '.bash_profile', '.zlogin']) {
    writeFileSync(join(directory, name), '');
    if (name.startsWith('.bash')) expect(of('bash', true, false)).toBe(`~/${name}`);
  }
  expect([of('zsh', true, true), of('zsh', true, false), of('zsh', false, true)]).toEqual([
    '~/.zlogin',
    '~/.zlogin',
    '~/.zshrc',
  ]);
});
