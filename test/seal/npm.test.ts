import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { npmCache, npmRegistry } from '../harness/fetch.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { rewritten } from '../harness/said.ts';
import { CONFIG, SITE, WEB } from '../traps/twins.ts';

const TEXT = "#!/usr/bin/env node\n\nrequire('../lib/binaries/CLI.js');\n";
const registry = npmRegistry();

/** npm of one user, with a prefix and without network. */
function npmOf(host: Host, user: string, prefix: string): (words: string) => Promise<string> {
  const { home } = host.account(user);
  const cache = `${home}/.npm-cache`;
  const ready = host.must(
    `cp -r ${npmCache.replace(/^.*\/\.cache/, `${checkout}/.cache`)} ${cache} && chown -R ${user}: ${cache}`,
  );
  return async (words) => {
    await ready;
    return host.must(
      `npm ${words} -g --prefix ${prefix} --cache ${cache} --registry ${registry} --offline --ignore-scripts ` +
        '--no-audit --no-fund --no-update-notifier 2>&1',
      { user, timeoutMs: 120_000 },
    );
  };
}

/** Names of ours below a directory. */
const traces = async (host: Host, directory: string): Promise<string> =>
  host.must(
    `find ${directory} -name '*pm2-guard*' -o -name '.pm2.*'; grep -rl pm2-guard-shim ` +
      `${directory}/lib/node_modules || :`,
  );

describeOnHost('npm, with a sealed pm2 in its prefix /usr', () => {
  let host: Host;
  let npm: (words: string) => Promise<string>;
  const bin = '/usr/lib/node_modules/pm2/bin/pm2';
  beforeAll(async () => {
    host = await createHost({ pm2: null });
    npm = npmOf(host, 'root', '/usr');
    await npm('install pm2@5.4.3');
    await host.installGuard(CONFIG);
    await host.must('pm2-guard seal');
  });
  afterAll(() => host.dispose());

  it.each(['7.0.4', '6.0.14'])(
    "lays down PM2 %s as if there were no seal, and root's next call seals it again",
    async (version) => {
      expect(await host.read(bin)).toContain('pm2-guard-shim-door');
      await npm(`install pm2@${version}`);
      expect(await host.read(bin)).toBe(TEXT);
      expect(await traces(host, '/usr/lib')).toBe('');
      expect(await host.run('pm2-guard status')).toMatchObject({
        status: 1,
        stdout: expect.stringContaining(
          'problem: /usr/lib/node_modules/pm2: no longer sealed; run:  sudo pm2-guard seal\n',
        ) as string,
      });

      const byPath = await host.run('/usr/bin/pm2 restart nothing-of-the-kind', {
        user: 'www-data',
        env: { PM2_HOME: WEB },
      });
      expect(byPath.stderr).not.toContain('pm2-guard'); // only root may write there
      // What verify tries, and install rehearses, leaves everything as it is.
      expect(await host.run('pm2 restart pm2-guard-verify-seal')).toMatchObject({
        status: 126,
        stderr: expect.not.stringContaining('sealed') as string,
      });
      expect(await host.read(bin)).toBe(TEXT);
      const roots = await host.run('pm2 ping');
      const sealed = `pm2-guard: sealed again: /usr/lib/node_modules/pm2, which was replaced by PM2 ${version}\n`;
      expect(roots).toMatchObject({ status: 0, stderr: sealed + rewritten('pm2 ping', null) });
      expect(await host.read(`${bin}.pm2-guard-original`)).toBe(TEXT);
      const again = await host.run('/usr/bin/pm2 ping');
      expect(again).toMatchObject({ status: 0, stderr: rewritten('pm2 ping', null) });
      expect(await host.run('pm2-guard status')).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('/usr/lib/node_modules/pm2  (sealed)') as string,
      });
    },
  );

  it('answers npm and npx through sudo too', async () => {
    const scripts = { deploy: 'pm2 restart myapp' };
    await host.write('/srv/app/package.json', JSON.stringify({ name: 'app', version: '1.0.0', scripts }));
    await host.must('pm2 start server.js --name myapp', { user: 'www-data', cwd: SITE });
    // No PATH with the shim: npx takes the pm2 of npm's prefix by its path.
    const typed = { user: 'deploy', cwd: '/srv/app', env: { PATH: '/usr/bin:/bin' } };
    const lines = ['sudo npx --no-install pm2', 'sudo npm exec --offline -- pm2', 'npx --no-install pm2'];
    await host.must('pm2-guard unseal');
    for (const line of lines) {
      expect((await host.run(`${line} restart myapp`, typed)).stderr, line).toContain('myapp not found');
    }
    expect(host.daemons().map(({ home }) => home)).toContain('/root/.pm2');
    await host.must('PM2_GUARD=off pm2 kill');
    await host.must('PM2_GUARD=off pm2 kill', { user: 'deploy' });
    await host.must('pm2-guard seal');
    for (const line of [...lines.map((words) => `${words} restart myapp`), 'sudo npm run deploy', 'npm run deploy']) {
      expect(await host.run(line, typed), line).toMatchObject({
        status: 0,
        stderr: expect.stringContaining(rewritten('pm2 restart myapp', 6)) as string,
      });
    }
    expect(host.daemons().map(({ home }) => home)).toEqual([WEB]);
    await host.must('pm2 kill', { user: 'www-data' });
  });

  it('works while seal and unseal run all the time, and so does pm2', async () => {
    const stop = '/srv/stop';
    const sealing = host.must(`while [ ! -e ${stop} ]; do pm2-guard seal; pm2-guard unseal; done >/srv/log 2>&1`, {
      timeoutMs: 120_000,
    });
    try {
      await npm('install pm2@5.4.3');
      await npm('install pm2@7.0.4');
    } finally {
      await host.write(stop, '');
    }
    await sealing;
    expect(await host.read('/srv/log')).not.toMatch(/bug|Error/);
    await host.must('pm2-guard seal');
    expect(await host.run('/usr/bin/pm2 ping')).toMatchObject({ status: 0, stderr: rewritten('pm2 ping', null) });
    await host.must('pm2-guard unseal');
    expect(await host.read(bin)).toBe(TEXT);
    expect(await traces(host, '/usr/lib')).toBe('');
  });

  it('takes a sealed one away without debris', async () => {
    await host.must('pm2-guard seal');
    await npm('uninstall pm2');
    expect(await host.must('find /usr/lib/node_modules /usr/bin -name "*pm2*"')).toBe('');
    expect(await host.run('pm2-guard seal')).toMatchObject({
      status: 1,
      stderr:
        'pm2-guard: there is no pm2 on this host to seal\n  run:  sudo npm install -g pm2 && sudo pm2-guard seal\n',
    });
    expect(await host.run('pm2-guard unseal')).toMatchObject({ status: 0, stdout: 'nothing is sealed\n' });
  });
});

describeOnHost('npm, with a sealed pm2 of a version manager in a home', () => {
  let host: Host;
  let npm: (words: string) => Promise<string>;
  const prefix = '/home/alice/.nvm/versions/node/v22.23.3';
  const directory = `${prefix}/lib/node_modules/pm2`;
  beforeAll(async () => {
    host = await createHost();
    await host.must(
      'install -d -o alice -g alice /home/alice/.nvm /home/alice/.nvm/versions /home/alice/.nvm/versions/node ' +
        `${prefix} ${prefix}/bin && ln -s /usr/bin/node ${prefix}/bin/node`,
    );
    npm = npmOf(host, 'alice', prefix);
    await npm('install pm2@5.4.3');
    await host.installGuard(CONFIG);
    await host.must('pm2 start server.js --name myapp', { cwd: SITE });
  });
  afterAll(() => host.dispose());
  // As nvm's lines in ~/.bashrc leave it.
  const nvm = { user: 'alice', env: { PATH: `${prefix}/bin:/usr/local/bin:/usr/bin:/bin` } };

  it("is sealed in its user's name, and met", async () => {
    expect(await host.run('pm2-guard seal --user alice')).toMatchObject({
      status: 0,
      stdout: `sealed     ${directory}  (PM2 5.4.3, as alice)\n`,
    });
    expect(
      (await host.tree(`${prefix}/lib`)).filter(({ owner, group }) => owner !== 'alice' || group !== 'alice'),
    ).toEqual([]);
    const { stdout, stderr, status } = await host.run('pm2 restart myapp', nvm);
    expect({ stdout, status }).toEqual({ stdout: '', status: 126 });
    expect(stderr).toContain('blocked (PG101): nothing was run\n  "pm2 restart myapp" is not for alice to run.\n');
  });

  it('root does not run what she could change', async () => {
    const { stdout, stderr, status } = await host.exec([`${prefix}/bin/pm2`, 'jlist']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ name: 'myapp' }]);
    expect(stderr).toBe(
      `pm2-guard: root does not run ${prefix}/bin/pm2, which others can change; ` +
        '/usr/lib/node_modules/pm2/bin/pm2 runs instead\n',
    );
  });

  it('she upgrades as ever, and the next `seal` finds it', async () => {
    await npm('install pm2@7.0.4');
    expect(await traces(host, prefix)).toBe('');
    expect((await host.run('pm2-guard status')).stdout).toContain(
      `problem: ${directory}: no longer sealed; run:  sudo pm2-guard seal\n`,
    );
    expect(await host.run('pm2-guard seal')).toMatchObject({
      status: 0,
      stdout: `sealed     ${directory}  (PM2 7.0.4, as alice)\nsealed     /usr/lib/node_modules/pm2  (PM2 7.0.4)\n`,
    });
    expect((await host.run('pm2 restart myapp', nvm)).status).toBe(126);
    await npm('uninstall pm2');
    expect((await host.tree(prefix)).filter(({ path }) => path.includes('pm2'))).toEqual([]);
  });
});
