import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { CONFIG } from '../traps/twins.ts';

const AT_OPEN = `${checkout}/test/hostile/at-open.py`;
const SOURCE = `${checkout}/.cache/pm2/7.0.4/lib/node_modules/pm2`;

/** Kills its process before the change of names in bin/ that KILL_AT counts. */
const KILLER = `
const fs = require('node:fs');
let left = Number(process.env.KILL_AT);
for (const name of ['linkSync', 'renameSync', 'unlinkSync', 'openSync']) {
  const real = fs[name];
  fs[name] = (path, ...words) => {
    const creates = name !== 'openSync' || words[0] & fs.constants.O_CREAT;
    const changes = String(path).startsWith('/proc/self/fd/') && creates;
    if (changes && --left === 0) process.kill(process.pid, 'SIGKILL');
    return real(path, ...words);
  };
}
`;

describeOnHost('a package while it is sealed, and one that another user can write', () => {
  let host: Host;
  const one = '/opt/one/lib/node_modules/pm2';
  beforeAll(async () => {
    host = await createHost();
    await host.installGuard(CONFIG);
    await host.write('/srv/killer.cjs', KILLER);
    await host.must(`mkdir -p ${one}/bin ${one}/lib/binaries && cp ${SOURCE}/package.json ${one}`);
    await host.write(`${one}/lib/binaries/CLI.js`, 'console.log("PM2 runs");');
  });
  afterAll(() => host.dispose());
  beforeEach(() => host.must(`rm -rf ${one}/bin && mkdir ${one}/bin && cp ${SOURCE}/bin/pm2 ${one}/bin`));

  it.each(['seal', 'unseal'])(
    '%s can be killed before each of its steps: pm2 works, and it can be done again',
    async (command) => {
      const program = (await host.must('readlink -f /usr/local/lib/pm2-guard/bin/../pm2-guard.cjs')).trim();
      for (let step = 1; ; step++) {
        await host.must(
          `rm -rf ${one}/bin && mkdir ${one}/bin && cp ${SOURCE}/bin/pm2 ` +
            `${one}/bin${command === 'unseal' ? ` && pm2-guard seal --path ${one}` : ''}`,
        );
        const { signal, status } = await host.exec(
          ['/usr/bin/node', '-r', '/srv/killer.cjs', program, command, '--path', one],
          { env: { KILL_AT: String(step) } },
        );
        const call = await host.exec(['/usr/bin/node', `${one}/bin/pm2`], {
          user: 'www-data',
          env: { HOME: '/var/www' },
        });
        expect({ step, ...call }).toMatchObject({ step, stdout: 'PM2 runs\n', stderr: '', status: 0 });
        await host.must(`pm2-guard unseal --path ${one}`);
        expect({ step, names: await host.must(`ls -A ${one}/bin`) }).toEqual({ step, names: 'pm2\n' });
        if (signal === null) {
          expect(status).toBe(0);
          expect(step).toBeGreaterThan(command === 'seal' ? 8 : 1);
          return;
        }
      }
    },
  );

  it('two at once come to one end', async () => {
    await host.must(`for each in 1 2 3; do pm2-guard seal --path ${one} & done; wait; pm2-guard seal --path ${one}`);
    expect(await host.must(`cd ${one}/bin && ls -A`)).toBe('pm2\npm2.pm2-guard-original\n');
    await host.must(
      `for each in 1 2 3; do pm2-guard seal --path ${one} & pm2-guard unseal --path ${one} & done; wait; pm2-guard ` +
        `unseal --path ${one}`,
    );
    expect(await host.must(`cd ${one}/bin && ls -A && cat pm2`)).toBe(`pm2\n${await host.read(`${SOURCE}/bin/pm2`)}`);
  });

  it('the store of pnpm or yarn, whose file it is too, keeps it', async () => {
    await host.must(`rm -rf /opt/store && mkdir /opt/store && ln ${one}/bin/pm2 /opt/store/a1b2c3`);
    const before = await host.must('cd /opt/store && stat -c "%i %h %a %U %s %y" a1b2c3 && cat a1b2c3');
    await host.must(`pm2-guard seal --path ${one}`);
    expect(await host.must(`cat /opt/store/a1b2c3; grep -c pm2-guard-shim-door ${one}/bin/pm2`)).toBe(
      `${await host.read(`${SOURCE}/bin/pm2`)}1\n`,
    );
    await host.must(`pm2-guard unseal --path ${one}`);
    expect(await host.must('cd /opt/store && stat -c "%i %h %a %U %s %y" a1b2c3 && cat a1b2c3')).toBe(before);
  });

  it('a link in PATH stays a link, and its package is sealed', async () => {
    await host.must(`ln -sfn ${one}/bin/pm2 /usr/local/sbin/pm2`);
    expect(await host.run('pm2-guard seal --path /usr/local/sbin/pm2')).toMatchObject({
      status: 0,
      stdout: `sealed     ${one}  (PM2 7.0.4)\n`,
    });
    expect(await host.tree('/usr/local/sbin/pm2')).toMatchObject([{ type: 'l', link: `${one}/bin/pm2` }]);
    await host.must(`rm /usr/local/sbin/pm2; pm2-guard unseal --path ${one}`);
  });

  describe('in a home, root has no more rights than its user', () => {
    const hers = '/home/alice/.nvm/versions/node/v22/lib/node_modules/pm2';
    const sealHers = () => host.run(`pm2-guard seal --path ${hers}`);
    beforeEach(async () => {
      await host.must(
        `rm -rf /home/alice/.nvm && mkdir -p ${hers}/bin ${hers}/lib && cp ${SOURCE}/package.json ${hers} && cp ` +
          `${SOURCE}/bin/pm2 ${hers}/bin && chown -R alice: /home/alice/.nvm`,
      );
    });

    it("what she has made a link to root's is not written through", async () => {
      await host.must(
        'mkdir -p /etc/secret/bin && chmod 700 /etc/secret && echo secret > /etc/secret/bin/pm2 && cp ' +
          '/etc/secret/bin/pm2 /srv/secret',
      );
      await host.must(`rm -rf ${hers}/bin && ln -s /etc/secret/bin ${hers}/bin`, { user: 'alice' });
      expect(await sealHers()).toMatchObject({ status: 1 });
      await host.must(`rm ${hers}/bin && mkdir ${hers}/bin && ln -s /etc/secret/bin/pm2 ${hers}/bin/pm2`, {
        user: 'alice',
      });
      expect((await sealHers()).stdout).toContain('bin/pm2 is a symbolic link');
      await host.must(
        `rm ${hers}/bin/pm2 && cp ${SOURCE}/bin/pm2 ${hers}/bin/pm2 && ln -s /etc/secret/bin/pm2 ` +
          `${hers}/bin/pm2.pm2-guard-original`,
        { user: 'alice' },
      );
      expect(await sealHers()).toMatchObject({ status: 0 });
      expect(await host.must('find /etc/secret -type f -exec cat {} + && ls -A /etc/secret/bin')).toBe('secret\npm2\n');
    });

    it.each(['seal', 'unseal'])('%s writes nothing through a link that comes while it reads', async (command) => {
      const secret = '/etc/secret-package';
      await host.must(
        `mkdir ${secret} && cp ${SOURCE}/bin/pm2 ${secret} && cp ${SOURCE}/bin/pm2 ${secret}/pm2.pm2-guard-original`,
      );
      const before = await host.must(`cd ${secret} && stat -c '%n %i %U %h %Y' *`);
      if (command === 'unseal') expect(await sealHers()).toMatchObject({ status: 0 });
      await host.must(`ln -s ${secret} ${hers}/link`, { user: 'alice' });
      const attack = host.start(['python3', AT_OPEN, hers, `${hers}/bin`, 'bin', 'link', 'alice'], { cwd: '/' });
      await attack.seen(/^ready/);
      await host.run(`pm2-guard ${command} --path ${hers}`, { cwd: '/' });
      await attack.seen(/^exchanged/m);
      expect(await host.must(`cd ${secret} && stat -c '%n %i %U %h %Y' *`)).toBe(before);
      attack.kill('SIGKILL');
      await host.must(`rm -r ${secret}; pm2-guard unseal || true`);
    });

    it('what she cannot write is not written', async () => {
      await host.must(`chmod 555 ${hers}/bin`);
      const { stdout, status } = await sealHers();
      expect({ stdout, status }).toEqual({
        stdout: `NOT DONE   ${hers}  (PM2 7.0.4): its owner may not write there\n  run:  ls -ld ${hers}/bin\n`,
        status: 1,
      });
    });

    it('what is made is hers', async () => {
      expect(await sealHers()).toMatchObject({ status: 0, stdout: `sealed     ${hers}  (PM2 7.0.4, as alice)\n` });
      expect((await host.tree(`${hers}/bin`)).map(({ owner, group }) => `${owner}:${group}`)).toEqual(
        Array(3).fill('alice:alice'),
      );
      expect(await host.run('pm2-guard unseal')).toMatchObject({
        status: 0,
        stdout: `unsealed   ${hers}  (PM2 7.0.4, as alice)\n`,
      });
      expect(await host.must(`ls -A ${hers}/bin`)).toBe('pm2\n');
    });
  });
});
