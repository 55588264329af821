import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeOnHost } from './harness/describe.ts';
import { createHost, type Host } from './harness/host.ts';
import { SITE, WEB } from './traps/twins.ts';

const root = new URL('..', import.meta.url);
const readme = readFileSync(new URL('README.md', root), 'utf8');
const docs = readdirSync(new URL('docs', root))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`);

/**
 * One command of a ```console block, typed by `user`, with what is printed below it. A line `…` stands for any number
 * of lines.
 */
interface Example {
  file: string;
  host: string;
  user: string;
  command: string;
  output: string;
}

function examples(): Example[] {
  return ['README.md', ...docs].flatMap((file) =>
    [...readFileSync(new URL(file, root), 'utf8').matchAll(/^```console (\w+)\n([^]*?)^```$/gm)].flatMap(
      ([, host = '', block = '']) =>
        block.split(/^(?=\w+\$ )/m).map((part) => {
          const [, user = '', command = '', output = ''] = /^(\w+)\$ (.*)\n([^]*)$/.exec(part) ?? [];
          return { file, host, user, command, output };
        }),
    ),
  );
}

/** Numbers that are others each time: pids, and how long something has been up. */
function steady(text: string): string {
  return text.replace(/\bpid \d+ */g, 'pid N ').replace(/\bup \d+ \w+/g, 'up N');
}

function pattern(output: string): RegExp {
  const escaped = output
    .split('\n')
    .map((line) => (line === '…' ? '[^]*' : line.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')))
    .join('\n')
    .replaceAll('\n[^]*', '[^]*')
    .replaceAll('[^]*\n', '[^]*');
  return new RegExp(`^${escaped}$`);
}

const CONFIG = `default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp, "shop-*"]
  ops:
    user: ops
    apps: [backup]
`;

describeOnHost('what README and docs show happens', () => {
  const hosts: Record<string, Host> = {};
  beforeAll(async () => {
    const [plain, guarded, blocked, trapped] = await Promise.all([
      createHost(),
      createHost(),
      createHost(),
      createHost(),
    ]);
    await guarded.installGuard(CONFIG);
    await blocked.installGuard(`mode: block\n${CONFIG}`);
    await trapped.must('pm2 start server.js --name shop-a && pm2 save', {
      user: 'www-data',
      cwd: SITE,
      env: { PM2_HOME: WEB, PORT: '3001' },
    });
    await trapped.must(`sudo pm2 start npm --name myapp --cwd ${SITE} -- start`, { user: 'deploy' });
    await trapped.must('until grep -q :0BB8 /proc/net/tcp; do sleep 0.1; done', { timeoutMs: 60_000 });
    await trapped.installGuard(CONFIG);
    Object.assign(hosts, { plain, guarded, blocked, trapped });
  });
  afterAll(() => Promise.all(Object.values(hosts).map((host) => host.dispose())));

  it('has examples to run', () => {
    expect(examples().length).toBeGreaterThanOrEqual(8);
  });

  for (const { file, host, user, command, output } of examples()) {
    it(`${file}, ${host}: ${command}`, async () => {
      const { stdout } = await (hosts[host] as Host).run(`{ ${command}\n} 2>&1`, { user, cwd: '/srv' });
      expect(steady(stdout.replace(/\u001b\[[\d;]*m/g, ''))).toMatch(pattern(steady(output)));
    });
  }

  it('the config it shows is one that check accepts', async () => {
    const [, yaml = ''] = /^```yaml\n([^]*?)^```$/m.exec(readme) ?? [];
    const host = hosts['guarded'] as Host;
    await host.write('/srv/config.yaml', yaml);
    expect(await host.run('pm2-guard check --draft /srv/config.yaml')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('is valid: 2 daemons, default web') as string,
    });
  });

  it('every command of its table answers --help with examples, and the other way round', async () => {
    const named = [...readme.matchAll(/^\| `pm2-guard (\w+)/gm)].map(([, name]) => name);
    const host = hosts['guarded'] as Host;
    const listed = [...(await host.must('pm2-guard --help')).matchAll(/^ {2}(\w+) /gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help');
    expect(listed.sort()).toEqual([...new Set(named)].sort());
    for (const name of listed) expect(await host.must(`pm2-guard ${name ?? ''} --help`)).toContain('Examples:');
  });
});

describe('the codes', () => {
  it('of verdict/codes.ts are all that the sources use', () => {
    const textOf = (file: string) => readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8');
    const catalogue = textOf('verdict/codes.ts');
    const files = ['guard', 'verdict']
      .flatMap((room) => readdirSync(new URL(`../src/${room}`, import.meta.url)).map((name) => `${room}/${name}`))
      .filter((file) => file !== 'verdict/codes.ts');
    const used = files.flatMap((file) => [...textOf(file).matchAll(/['(](PG\d{3})[')]/g)].map(([, code]) => code));
    const explained = [...catalogue.matchAll(/^ {2}(PG\d{3}):/gm)].map(([, code]) => code);
    expect([...new Set(used)].sort()).toEqual(explained.sort());
  });
});
