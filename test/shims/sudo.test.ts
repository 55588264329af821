import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { HARD_WORDS } from './words.ts';

const BIN = '/usr/local/lib/pm2-guard/bin';
const shells = { dash: '/usr/bin/dash', bash: '/usr/bin/bash --posix', busybox: '/usr/bin/busybox sh' };
/** Stands for src/bin/sudo.ts: answers as it was told to, and tells what it was asked. */
const ORACLE =
  'exports.main = () => {}; const fs = require("fs"); fs.writeFileSync("/tmp/asked", ' +
  'JSON.stringify(process.argv.slice(2))); fs.writeSync(1, fs.readFileSync("/srv/answer")); ' +
  'process.exit(Number(fs.readFileSync("/srv/status")));';

describeOnHost('shims/sudo', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost({ pm2: null });
    for (const name of ['sudo', 'pm2-guard'])
      await host.write(`${BIN}/${name}`, readFileSync(join(import.meta.dirname, '../../shims', name)), { mode: '755' });
    await host.write('/usr/local/lib/pm2-guard/sudo.cjs', ORACLE);
    await host.must(
      'ln -s /usr/bin/node /usr/local/lib/pm2-guard/node; touch /tmp/asked; chmod 666 /tmp/asked; echo 0 > ' +
        '/proc/sys/fs/protected_regular 2>/dev/null || true',
    );
    await host.write('/usr/local/bin/pm2', `#!/usr/bin/perl\n$| = 1; print join("\\0", "ran", @ARGV);\n`, {
      mode: '755',
    });
    await host.write('/usr/local/bin/say', `#!/usr/bin/perl\n$| = 1; print join("\\0", "ran", @ARGV);\n`, {
      mode: '755',
    });
    await answer('', 0);
  });
  afterAll(() => host.dispose());

  const answer = async (line: string, status: number) => {
    await host.write('/srv/answer', line);
    await host.write('/srv/status', String(status));
    await host.must(': > /tmp/asked');
  };
  const asked = async () => {
    const text = await host.read('/tmp/asked');
    return text === '' ? null : (JSON.parse(text) as string[]);
  };
  const shim = `${BIN}/sudo`;

  it('says in its first lines what it is', async () => {
    expect((await host.read(shim)).slice(0, 100)).toContain('pm2-guard-shim');
  });

  describe.each(Object.entries(shells))('under %s', (_, shell) => {
    const run = (words: readonly string[], user = 'deploy') =>
      host.exec([...shell.split(' '), shim, ...words], { user });

    it('passes arguments byte for byte, and starts no other program', async () => {
      await answer('', 0);
      const { stdout, stderr } = await run(['say', ...HARD_WORDS]);
      expect({ words: stdout.split('\0'), stderr }).toEqual({ words: ['ran', ...HARD_WORDS], stderr: '' });
      expect(await asked()).toBeNull();
    });
    it('asks about a call that names pm2, and passes it byte for byte where there is no answer', async () => {
      await answer('', 0);
      const { stdout, stderr } = await run(['pm2', ...HARD_WORDS]);
      expect({ words: stdout.split('\0'), stderr }).toEqual({ words: ['ran', ...HARD_WORDS], stderr: '' });
      expect(await asked()).toEqual(['--sudo', '/usr/bin/sudo', 'unknown', 'pm2', ...HARD_WORDS]);
    });
    it('asks only sudo if sudo finds our pm2 for root, and tells when it refuses', async () => {
      await host.must(`mv /usr/local/bin/pm2 ${BIN}/pm2 && ln -s ${BIN}/pm2 /usr/local/bin/pm2`);
      await host.write('/etc/sudoers.d/alice', 'alice ALL=(www-data) NOPASSWD: /usr/bin/true\n', { mode: '440' });
      await answer('', 0);
      expect((await run(['pm2', ...HARD_WORDS])).stdout.split('\0')).toEqual(['ran', ...HARD_WORDS]);
      expect(await asked()).toBeNull();
      await run(['-u', 'root', 'pm2', 'list']);
      expect(await asked()).toEqual(['--sudo', '/usr/bin/sudo', 'unknown', '-u', 'root', 'pm2', 'list']);
      await answer('exec echo instead', 0);
      expect((await run(['pm2', 'list'], 'alice')).stdout).toBe('instead\n');
      expect(await asked()).toEqual(['--sudo', '/usr/bin/sudo', 'no', 'pm2', 'list']);
      await host.must(`rm /usr/local/bin/pm2 && mv ${BIN}/pm2 /usr/local/bin/pm2`);
    });
    it('runs the answer', async () => {
      await answer("cd '/srv' && exec '/usr/bin/sudo' -u 'ops' -- '/usr/local/bin/say' 'it'\\''s' '!' '\n'", 0);
      expect((await run(['pm2', 'list'])).stdout.split('\0')).toEqual(['ran', "it's", '!', '\n']);
    });
    it.each([
      [126, 126],
      [130, 130],
      [143, 143],
    ])('ends where the answer is %i', async (status, expected) => {
      await answer('', status);
      expect(await run(['pm2', 'list'])).toMatchObject({ status: expected, stdout: '' });
    });
    it.each([1, 70, 127])('runs the call as typed where the answer is %i', async (status) => {
      await answer('exec echo no', status);
      expect((await run(['pm2', 'list'])).stdout).toBe('ran\0list');
    });
    it('stays one process', async () => {
      await answer('', 0);
      for (const words of ['-u deploy sh -c "echo \\$PPID"', '-u deploy sh -c "echo \\$PPID; : pm2 x"']) {
        const { stdout } = await host.run(`echo $$; exec ${shell} ${shim} ${words}`, { user: 'deploy' });
        const [own, parent] = stdout.trim().split('\n');
        expect(parent).toBe(own);
      }
    });
  });

  it.each([
    ['systemctl restart pm2-www-data', false],
    ['-u pm2guard true', false],
    ['cat /home/pm2/x', false],
    ['/usr/bin/pm2 list', true],
    ['./pm2 list', true],
    ['-u www-data pm2 list', true],
    ['sh -c "pm2 list"', true],
    ['sh -c "cd /srv && pm2 list"', true],
    ['sh -c pm2', true],
    ['true', false],
    ['env A=1 pm2 list', true],
    ['apt-get install pm2x', false],
  ])('%s: asks %s', async (line, expected) => {
    await answer('', 0);
    await host.run(`${shim} ${line}`, { user: 'deploy' });
    expect((await asked()) !== null).toBe(expected);
  });

  it('passes bytes that are no UTF-8', async () => {
    await answer('', 0);
    await host.must(
      'cp /usr/local/lib/pm2-guard/sudo.cjs /srv/oracle.cjs; cp /usr/src/pm2-guard/dist/sudo.cjs ' +
        '/usr/local/lib/pm2-guard/sudo.cjs',
    );
    try {
      expect(
        (await host.run(`${shim} pm2 "$(printf 'a\\377b\\303')" | od -An -tx1`, { user: 'deploy' })).stdout.trim(),
      ).toBe('72 61 6e 00 61 ff 62 c3');
    } finally {
      await host.must('mv /srv/oracle.cjs /usr/local/lib/pm2-guard/sudo.cjs');
    }
  });

  it('gives standard input, exit status and signals of what sudo runs', async () => {
    await answer('', 0);
    expect((await host.run(`${shim} sh -c 'cat; : pm2 x'`, { user: 'deploy', input: 'héllo' })).stdout).toBe('héllo');
    expect((await host.run(`${shim} sh -c 'exit 7; : pm2 x'`, { user: 'deploy' })).status).toBe(7);
    expect((await host.run(`exec ${shim} sh -c 'kill -TERM $$; : pm2 x'`, { user: 'deploy' })).signal).toBe('SIGTERM');
  });

  it('finds the real sudo though it is itself in PATH twice, and linked over it', async () => {
    await answer('', 0);
    await host.must(`mkdir -p /srv/two && cp ${shim} /srv/two/sudo && ln -sf ${shim} /usr/local/bin/sudo`);
    const env = { PATH: `${BIN}:/srv/two:/usr/local/bin:/usr/bin:/bin` };
    expect((await host.run('sudo say one', { user: 'deploy', env })).stdout).toBe('ran\0one');
    expect((await host.run('/srv/two/sudo pm2 two', { user: 'deploy', env })).stdout).toBe('ran\0two');
    await host.must('mv /usr/bin/sudo /srv/sudo');
    try {
      for (const words of ['say one', 'pm2 one'])
        expect(await host.run(`sudo ${words}`, { user: 'deploy', env })).toEqual(
          expect.objectContaining({ status: 127, stdout: '', stderr: 'pm2-guard: there is no sudo on this machine\n' }),
        );
      await host.must('rm /usr/local/bin/sudo; cp -p /srv/sudo /usr/local/bin/sudo');
      expect((await host.run('sudo say local', { user: 'deploy', env })).stdout).toBe('ran\0local');
    } finally {
      await host.must('mv -f /srv/sudo /usr/bin/sudo; rm -f /usr/local/bin/sudo');
    }
  });

  it.each([
    ['node', 'mv /usr/bin/node /root/node', 'mv /root/node /usr/bin/node'],
    [
      'the bundle',
      'mv /usr/local/lib/pm2-guard/sudo.cjs /srv/sudo.cjs',
      'mv /srv/sudo.cjs /usr/local/lib/pm2-guard/sudo.cjs',
    ],
    ['the command', `mv ${BIN}/pm2-guard /srv/pm2-guard`, `mv /srv/pm2-guard ${BIN}/pm2-guard`],
  ])('without %s sudo runs the call as typed, and nothing is said', async (_, away, back) => {
    await host.must(away);
    try {
      expect(await host.run(`${shim} pm2 list`, { user: 'deploy' })).toMatchObject({
        status: 0,
        stdout: 'ran\0list',
        stderr: '',
      });
    } finally {
      await host.must(back);
    }
  });

  it("runs nothing of the caller's as root", async () => {
    await answer('', 0);
    await host.write('/tmp/evil/node', '#!/bin/sh\necho evil\n', { owner: 'alice', mode: '755' });
    await host.write('/tmp/evil/sudo', '#!/bin/sh\necho evil\n', { owner: 'alice', mode: '755' });
    expect(
      (await host.run(`${shim} pm2 list`, { cwd: '/tmp/evil', env: { PATH: '/tmp/evil:.:/usr/bin' } })).stdout,
    ).toBe('ran\0list');
    expect(await asked()).toEqual(['--sudo', '/usr/bin/sudo', 'unknown', 'pm2', 'list']);
  });
});
