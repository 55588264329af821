import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM_PATH } from '../../src/identity/environment.ts';
import type { App } from '../../src/pm2/invocation.ts';
import { appsOfProcessFile, type Evaluator, type ProcessFile } from '../../src/pm2/process-file.ts';
import { listApps } from '../../src/pm2/rpc.ts';
import { asGid, asPosix, asUid } from '../../src/runtime/brands.ts';
import { RealPm2, versions } from './real.ts';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'process-file-')));
chmodSync(place, 0o755);
const bundle = join(place, 'read-process-file.cjs');
const root = process.getuid?.() === 0;
const nobody: Evaluator = { user: 'nobody', uid: asUid(65534), gid: asGid(65534), homeDirectory: '/nonexistent' };
const self: Evaluator = {
  user: 'self',
  uid: asPosix(process).geteuid(),
  gid: asGid(process.getgid?.() ?? -1),
  homeDirectory: '/',
};
beforeAll(async () => {
  await build({
    entryPoints: ['src/bin/read-process-file.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    outfile: bundle,
  });
});
afterAll(() => {
  rmSync(place, { recursive: true });
});

const ask = (argv: string[], rest: Partial<ProcessFile> & Pick<ProcessFile, 'source'>): Promise<App[] | null> => {
  const only = argv.includes('--only') ? (argv[argv.indexOf('--only') + 1] ?? '') : '';
  return appsOfProcessFile({
    invocation: { argv, command: argv[0] ?? null, only: only === '' ? [] : only.split(/,| /) },
    major: 7,
    evaluator: self,
    cwd: place,
    env: { PATH: process.env.PATH },
    timeoutMs: 10_000,
    bundle,
    ...rest,
  });
};

/** Files are laid down below the PM2's root; `args` is what is typed there; `input` what is piped in. */
interface Form {
  args: string[];
  files?: Record<string, string>;
  input?: string;
  env?: Record<string, string>;
  cwd?: string;
}
const list = '[{ name: "one", script: "app.js", namespace: "shop" }, { script: "./my.server.js", cwd: "sub" }]';
const forms: Record<string, Form> = {
  'a list': { args: ['start', 'x.json'], files: { 'x.json': '[{"name":"a","script":"app.js"},{"script":"app.js"}]' } },
  'an object': { args: ['start', 'x.json'], files: { 'x.json': '{"script":"app.js","name":"a b"}' } },
  apps: { args: ['start', 'x.json'], files: { 'x.json': '{"apps":[{"name":"a","script":"app.js","namespace":"n"}]}' } },
  'one app in apps': { args: ['start', 'x.json'], files: { 'x.json': '{"apps":{"name":"a","script":"app.js"}}' } },
  pm2: { args: ['start', 'x.json'], files: { 'x.json': '{"pm2":[{"name":"a","script":"app.js"}],"name":"package"}' } },
  static: {
    args: ['start', 'x.json'],
    files: { 'x.json': '{"apps":[],"static":[{"port":18080,"path":"."},{"name":"files","port":18081}]}' },
  },
  'JSON with comments': {
    args: ['start', 'x.json'],
    files: { 'x.json': '// mine\n{apps: [{name: "a", script: "app.js",},]}' },
  },
  'JSON that is JavaScript': {
    args: ['start', 'x.json'],
    files: { 'x.json': '{apps: ["x", "y"].map((name) => ({ name, script: "app.js" }))}' },
  },
  'JSON with a prototype': {
    args: ['start', 'x.json'],
    files: { 'x.json': '{"__proto__":{"apps":[{"name":"hidden","script":"app.js"}]}}' },
  },
  'JSON with a byte order mark': {
    args: ['start', 'x.json'],
    files: { 'x.json': '\ufeff{"name":"a","script":"app.js"}' },
  },
  YAML: {
    args: ['start', 'x.yml'],
    files: { 'x.yml': 'base: &b\n  script: app.js\napps:\n  - <<: *b\n    name: a\n  - script: sub/my.server.js\n' },
  },
  'YAML of a list': { args: ['start', 'x.yaml'], files: { 'x.yaml': '- script: app.js\n  name: "007"\n' } },
  JavaScript: {
    args: ['start', 'eco.config.js'],
    files: { 'eco.config.js': `console.log("[noise]"); module.exports = { apps: ${list} }` },
  },
  CommonJS: { args: ['start', 'eco.config.cjs'], files: { 'eco.config.cjs': `module.exports = ${list}` } },
  'an ES module': { args: ['start', 'eco.config.mjs'], files: { 'eco.config.mjs': `export const apps = ${list}` } },
  'an ES module with a default': {
    args: ['start', 'eco.config.mjs'],
    files: { 'eco.config.mjs': `export default { apps: ${list} }` },
  },
  'JavaScript that requires': {
    args: ['start', 'eco.config.js'],
    files: { 'eco.config.js': 'module.exports = require("./sub/list.js")', 'sub/list.js': `module.exports = ${list}` },
  },
  'JavaScript that looks around': {
    args: ['start', 'eco.config.js', '--env', 'prod'],
    env: { STAGE: 'blue' },
    files: {
      'eco.config.js':
        'module.exports = { name: [process.env.STAGE, process.env.PM2_USAGE, process.argv.includes("--env"), ' +
        'require("path").basename(process.cwd()), require.main === module].join("-"), script: "app.js" }',
    },
  },
  'an extension in the middle': {
    args: ['start', 'x.json.bak'],
    files: { 'x.json.bak': '{"name":"a","script":"app.js"}' },
  },
  'no such file': { args: ['start', 'none.json'] },
  'a broken file': { args: ['start', 'x.json'], files: { 'x.json': '{"apps": [' } },
  'a file that throws': { args: ['start', 'eco.config.js'], files: { 'eco.config.js': 'throw new Error("no")' } },
  'an entry without script': {
    args: ['start', 'x.json'],
    files: { 'x.json': '[{"name":"b","script":"app.js"},{"exec":"app.js"},{}]' },
  },
  'an entry that is null': { args: ['start', 'x.json'], files: { 'x.json': '[null,{"name":"b","script":"app.js"}]' } },
  'a name that is a number': { args: ['start', 'x.json'], files: { 'x.json': '[{"name":7,"script":"app.js"}]' } },
  'a name that is 0': { args: ['start', 'x.json'], files: { 'x.json': '[{"name":0,"script":"app.js"}]' } },
  'cmd and command': {
    args: ['start', 'x.json'],
    files: {
      'x.json': '[{"cmd":"app.js"},{"command":"node app.js"},{"cmd":".hidden.js","name":""}]',
      '.hidden.js': 'setInterval(() => {}, 1e6)',
    },
  },
  'exec with a name': { args: ['start', 'x.json'], files: { 'x.json': '[{"exec":"app.js","name":"a"}]' } },
  'a command line': { args: ['start', 'x.json'], files: { 'x.json': '[{"script":"node app.js --port 3"}]' } },
  'a command of PATH': {
    args: ['start', 'x.json'],
    files: { 'x.json': '[{"script":"sleep","args":"1000","name":"nap"}]' },
  },
  'an absolute cwd': {
    args: ['start', '../x.json'],
    cwd: 'sub',
    files: { 'x.json': '[{"script":"./my.server.js","name":"a"},{"script":"app.js","cwd":"..","name":"b"}]' },
  },
  'an app of the name by an absolute path': {
    args: ['start', 'x.json', '--cwd', 'sub'],
    files: { 'x.json': '[{"script":"./my.server.js","name":"a","cwd":"/tmp"}]' },
  },
  '--namespace': {
    args: ['start', 'x.json', '--namespace', 'n'],
    files: { 'x.json': '[{"script":"app.js","name":"a"},{"script":"app.js","name":"b","namespace":"own"}]' },
  },
  '--name is ignored': {
    args: ['start', 'x.json', '--name', 'z'],
    files: { 'x.json': '[{"script":"app.js","name":"a"}]' },
  },
  '--only': {
    args: ['start', 'x.json', '--only', 'a,c'],
    files: {
      'x.json': '[{"script":"app.js","name":"a"},{"script":"app.js","name":"b"},{"script":"app.js","name":"c"}]',
    },
  },
  '--only by the name of the script': {
    args: ['start', 'x.json', '--only', 'app'],
    files: { 'x.json': '[{"script":"app.js"},{"script":"app.js","name":"b"}]' },
  },
  '--only nothing': {
    args: ['start', 'x.json', '--only', 'z'],
    files: { 'x.json': '[{"script":"app.js","name":"a"}]' },
  },
  append_env_to_name: {
    args: ['start', 'x.json', '--env', 'prod'],
    files: { 'x.json': '[{"script":"app.js","name":"a","append_env_to_name":true},{"script":"app.js","name":"b"}]' },
  },
  'append_env_to_name and --only': {
    args: ['start', 'x.json', '--env', 'prod', '--only', 'a'],
    files: { 'x.json': '[{"script":"app.js","name":"a","append_env_to_name":true}]' },
  },
  'append_env_to_name without --env': {
    args: ['start', 'x.json'],
    files: { 'x.json': '[{"script":"app.js","name":"a","append_env_to_name":true}]' },
  },
  startOrRestart: { args: ['startOrRestart', 'x.json'], files: { 'x.json': '[{"script":"app.js","name":"a"}]' } },
  startOrReload: { args: ['startOrReload', 'x.json'], files: { 'x.json': '[{"script":"app.js","name":"a"}]' } },
  restart: { args: ['restart', 'x.json'], files: { 'x.json': '[{"script":"app.js","name":"a"}]' } },
  'standard input': { args: ['start', '-'], input: '{"apps":[{"name":"a","script":"app.js"}]}' },
  'JavaScript on standard input': { args: ['start', '-'], input: '{apps: [{name: "a".repeat(3), script: "app.js"}]}' },
};

describe.each(versions)('what PM2 %s starts', (version, major) => {
  const pm2 = new RealPm2(version);
  beforeAll(() => {
    pm2.file('app.js', 'setInterval(() => {}, 1e6)');
    pm2.file('sub/my.server.js', 'setInterval(() => {}, 1e6)');
    pm2.run(['list']);
  });
  afterAll(() => {
    pm2.stop();
  });

  it.each(Object.entries(forms))('%s', async (what, { args, files = {}, input = '', env = {}, cwd = '' }) => {
    if (input.includes('repeat') && root) return; // code from standard input is not evaluated for root: see below
    for (const [name, text] of Object.entries(files)) pm2.file(name, text);
    const from = join(pm2.root, cwd);
    const word = args[1] ?? '';
    // As root, the files of a temporary directory are possibly another user's, so the account nobody evaluates them.
    const declared = await ask(args, {
      source: word === '-' ? { text: input } : { word, path: join(from, word) },
      major,
      cwd: from,
      evaluator: root ? nobody : self,
      env: { PATH: process.env.PATH, ...env },
    });
    pm2.run(args, { cwd: from, input, env });
    const answer = await listApps(pm2.socket, { timeoutMs: 5000 });
    const started =
      answer.type === 'answered'
        ? answer.apps.map(({ name, namespace, cwd: at, script }) => ({ name, namespace, cwd: at, script }))
        : null;
    await pm2.clear();
    const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);
    const expected = (declared ?? []).map((app) => ({ ...app, namespace: app.namespace ?? 'default' })).sort(byName);
    started?.sort(byName).forEach((app, index) => {
      if (expected[index]?.script === null) app.script = null; // a shell, a command of PATH, PM2's own file server
    });
    expect(started).toEqual(expected);
    if (/such file|broken|throws|null|number/.test(what)) expect(declared).toBeNull();
    else if (!/nothing|default|prototype/.test(what)) expect(started).not.toHaveLength(0);
  });
});

describe('to stop, delete, and restart what is on standard input', () => {
  const pm2 = new RealPm2('7.0.4');
  const app = pm2.file('app.js', 'setInterval(() => {}, 1e6)');
  afterAll(() => {
    pm2.stop();
  });
  const acts: [args: string[], text: string, hit: string[]][] = [
    [['stop', 'x.json'], '[{"name":"a","script":"app.js"},{"script":"app.js"}]', ['a', 'app']],
    [['stop', 'x.json', '--only', 'a'], '[{"name":"a","script":"app.js"},{"name":"b","script":"app.js"}]', ['a']],
    [['delete', 'x.json'], '{"apps":[{"name":"b","script":"app.js"}],"static":[{"name":"a","port":1}]}', ['b']],
    [['delete', 'x.json', '--env', 'e'], '[{"name":"a","script":"app.js","append_env_to_name":true}]', ['a']],
    [['delete', '-'], '[{"name":"a","script":"app.js"}]', ['a']],
  ];
  it.each(acts)('%j %s', async (args, text, hit) => {
    for (const name of ['a', 'b', 'a-e', 'app']) pm2.run(['start', app, '--name', name]);
    pm2.file('x.json', text);
    pm2.run(args, { input: text });
    const answer = await listApps(pm2.socket, { timeoutMs: 5000 });
    const untouched =
      answer.type === 'answered' ? answer.apps.filter((one) => one.status === 'online').map((one) => one.name) : [];
    expect(['a', 'a-e', 'app', 'b'].filter((name) => !untouched.includes(name))).toEqual(hit);
    const word = args[1] ?? '';
    const declared = await ask(args, {
      source: word === '-' ? { text } : { word, path: join(pm2.root, word) },
      cwd: pm2.root,
    });
    expect(declared?.map((one) => one.name)).toEqual(hit);
    await pm2.clear();
  });
});

describe('the environment renames', () => {
  const source = {
    text: '[{"name":"a","script":"x"},{"name":"b","script":"x","env":{"name":"c"},"env_e":{"name":"d"}}]',
  };
  const names = async (argv: string[], env: Record<string, string>) =>
    (await ask(argv, { source, env }))?.map((app) => app.name);
  it('by `name`', async () => {
    expect(await names(['start', '-'], { name: 'z' })).toEqual(['a', 'z', 'b', 'c']);
  });
  it('by --env', async () => {
    expect(await names(['start', '-', '--env', 'e'], {})).toEqual(['a', 'b', 'd']);
  });
  it('not inside an app', async () => {
    expect(await names(['start', '-'], { name: 'z', pm_id: '0' })).toEqual(['a', 'b', 'c']);
  });
  it('not what is stopped', async () => {
    expect(await names(['stop', '-'], { name: 'z' })).toEqual(['a', 'b']);
  });
});

describe('a file that', () => {
  const file = join(place, 'eco.config.js');
  const evaluator = root ? nobody : self;
  beforeEach(() => {
    rmSync(file, { force: true, recursive: true });
  });
  const asked = (text: string, rest: Partial<ProcessFile> = {}) => {
    writeFileSync(file, text);
    return ask(['start', 'eco.config.js'], { source: { word: 'eco.config.js', path: file }, evaluator, ...rest });
  };
  const one = { name: 'a', namespace: null, script: null, cwd: place };
  const ok = 'module.exports = { name: "a", script: "x" };';

  it('never ends', async () => {
    const began = Date.now();
    expect(await asked('for (;;) {}', { timeoutMs: 500 })).toBeNull();
    expect(Date.now() - began).toBeLessThan(3000);
  });
  it('never ends, and its children with it', async () => {
    const tag = `4242${process.pid}`;
    expect(
      await asked(`require("child_process").spawn("sleep", ["${tag}"]); for (;;) {}`, { timeoutMs: 1500 }),
    ).toBeNull();
    await new Promise((done) => {
      setTimeout(done, 200);
    });
    expect(() => execFileSync('pgrep', ['-f', `sleep ${tag}`])).toThrow();
  });
  it('leaves timers behind', async () => {
    expect(await asked(`setInterval(() => {}, 1e6); ${ok}`)).toEqual([one]);
  });
  it('exits', async () => {
    expect(await asked('process.exit(0)')).toBeNull();
  });
  it('is killed', async () => {
    expect(await asked('process.kill(process.pid, "SIGKILL")')).toBeNull();
  });
  it('prints where the answer goes', async () => {
    expect(await asked(`require("fs").writeSync(3, "[{\\"name\\":\\"forged\\"}]\\n"); ${ok}`)).toEqual([one]);
  });
  it('floods where the answer goes', async () => {
    expect(await asked('for (;;) try { require("fs").writeSync(3, "x".repeat(1e6) + "\\n") } catch {}')).toBeNull();
  });
  it('declares far too much', async () => {
    expect(await asked('module.exports = { name: "a".repeat(9e6), script: "x" }')).toBeNull();
  });
  it('reads standard input', async () => {
    expect(await asked(`require("fs").readFileSync(0); ${ok}`)).toEqual([one]);
  });
  it('is called from a directory that is gone', async () => {
    const gone = join(place, 'gone');
    expect(await asked(ok, { cwd: gone })).toEqual([{ ...one, cwd: gone }]);
  });
  it('is a FIFO', async () => {
    execFileSync('mkfifo', ['-m', '666', file]);
    expect(
      await ask(['start', 'eco.config.js'], { source: { word: 'eco.config.js', path: file }, evaluator }),
    ).toBeNull();
    expect(await ask(['start', 'eco.json'], { source: { word: 'eco.json', path: file } })).toBeNull();
  });
  it('is no process file by its name', async () => {
    expect(await asked(ok, { source: { word: 'app.js', path: file } })).toBeNull();
  });
  it('that no user may evaluate', async () => {
    expect(await asked(ok, { evaluator: null })).toBeNull();
  });
  it('meets a child that cannot be started', async () => {
    expect(await asked(ok, { node: '/nowhere/node' })).toBeNull();
    expect(await asked(ok, { bundle: '/nowhere/child.cjs' })).toBeNull();
  });
  it('is plain JSON and costs no child', async () => {
    const path = join(place, 'plain.json');
    writeFileSync(path, '{"name":"a","script":"x"}');
    symlinkSync('plain.json', join(place, 'link.json'));
    expect(
      await ask(['start', 'link.json'], {
        source: { word: 'link.json', path: join(place, 'link.json') },
        node: '/nowhere/node',
      }),
    ).toEqual([one]);
  });
});

describe.runIf(root)("for root, another user's file", () => {
  const home = join(place, 'user');
  const file = join(home, 'eco.config.js');
  const proof = join(home, 'proof');
  beforeAll(() => {
    mkdirSync(home);
    execFileSync('chown', ['nobody', home]);
  });
  beforeEach(() => {
    rmSync(proof, { force: true });
  });
  const report = `require("fs").writeFileSync(${JSON.stringify(proof)}, JSON.stringify({
    ids: [process.getuid(), process.geteuid(), process.getgid(), process.getegid()],
    groups: process.getgroups(),
    cwd: process.cwd(),
    env: process.env,
    back: (() => { try { process.setuid(0); return true; } catch { return false; } })(),
  })); module.exports = { name: "a", script: "x" }`;
  const asked = (rest: Partial<ProcessFile> = {}, word = 'eco.config.js') =>
    ask(['start', word], { source: { word, path: join(home, word) }, cwd: home, ...rest });
  const proven = () =>
    JSON.parse(execFileSync('cat', [proof], { encoding: 'utf8' })) as {
      ids: number[];
      groups: number[];
      cwd: string;
      env: Record<string, string>;
      back: boolean;
    };

  it("is evaluated as that user, with nothing of root's", async () => {
    writeFileSync(file, report);
    const env = {
      PATH: '/usr/bin',
      HOME: '/root',
      USER: 'root',
      SHELL: '/bin/zsh',
      SUDO_USER: 'deploy',
      SUDO_COMMAND: 'pm2',
      PM2_GUARD_HOPS: '1',
      STAGE: 'blue',
      NODE_OPTIONS: '--require /root/x.js --no-warnings',
      KRB5CCNAME: 'x',
      NOTIFY_SOCKET: '/run/x',
      VAULT_TOKEN: 'x',
      KEY: 'file:/root/key',
    };
    expect(await asked({ evaluator: nobody, env })).toHaveLength(1);
    const { ids, groups, cwd, env: seen, back } = proven();
    expect({ ids, groups, cwd, back }).toEqual({
      ids: [65534, 65534, 65534, 65534],
      groups: [65534],
      cwd: home,
      back: false,
    });
    const own = {
      HOME: '/nonexistent',
      USER: 'nobody',
      LOGNAME: 'nobody',
      SHELL: '/usr/sbin/nologin',
      MAIL: '/var/mail/nobody',
      PATH: SYSTEM_PATH,
    };
    expect(seen).toEqual({ ...own, STAGE: 'blue', NODE_OPTIONS: '--no-warnings', PM2_USAGE: 'CLI' });
  });
  it('is never evaluated as root', async () => {
    writeFileSync(file, report);
    for (const evaluator of [self, { user: 'root', uid: asUid(0), gid: asGid(0), homeDirectory: '/root' }])
      expect(await asked({ evaluator })).toBeNull();
    expect(await ask(['start', '-'], { source: { text: '{name: (() => "a")(), script: "x"}' } })).toBeNull();
    expect(() => execFileSync('ls', [proof], { stdio: 'ignore' })).toThrow();
  });
  it('is not read through a link that only root could follow', async () => {
    const secret = join(place, 'secret.json');
    writeFileSync(secret, '{"name":"secret","script":"x"}', { mode: 0o600 });
    symlinkSync(secret, join(home, 'link.json'));
    expect(await asked({ evaluator: nobody }, 'link.json')).toBeNull();
  });
  it('that only root can write is evaluated as root', async () => {
    const own = mkdtempSync('/usr/local/lib/process-file-');
    chmodSync(own, 0o755);
    writeFileSync(join(own, 'eco.config.js'), 'module.exports = { name: `uid${process.getuid()}`, script: "x" }');
    expect(
      (
        await ask(['start', 'eco.config.js'], { source: { word: 'eco.config.js', path: join(own, 'eco.config.js') } })
      )?.map((app) => app.name),
    ).toEqual(['uid0']);
    rmSync(own, { recursive: true });
  });
  it('cannot be evaluated by a user for another', async () => {
    // A child process of the account nobody asks for root's view.
    const asker = join(place, 'asker.cjs');
    await build({
      entryPoints: ['src/pm2/process-file.ts'],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: asker,
    });
    const program = `require(${JSON.stringify(asker)}).appsOfProcessFile({
      source: { text: '{name: ["a"].join(), script: "x"}' },
      invocation: { argv: ['start', '-'], command: 'start', only: [] },
      major: 7,
      evaluator: { user: 'daemon', uid: 1, gid: 1, homeDirectory: '/' },
      cwd: '/',
      env: {},
      timeoutMs: 5000,
      bundle: ${JSON.stringify(bundle)},
    }).then((apps) => console.log(JSON.stringify(apps)))`;
    expect(
      execFileSync(process.execPath, ['-e', program], { uid: asUid(65534), gid: asGid(65534), encoding: 'utf8' }),
    ).toBe('null\n');
  });
});
