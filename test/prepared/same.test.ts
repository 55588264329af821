import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

const CONFIG = 'default: ops\ndaemons:\n  ops:\n    user: ops\n';
const CALLER = { user: 'ops', cwd: '/home/ops' };

/** Stands at the top of a module that PM2 loads deep in its start, and of a file that is none of PM2's. */
const PROBE = `
Error.stackTraceLimit = 80;
if (process.env.PROBE) {
  const loader = require('module');
  const fs = require('fs');
  const names = (of) => Reflect.ownKeys(of).map(String).filter((name) => name !== 'Symbol(kFormat)').sort();
  const say = (what) => fs.appendFileSync(process.env.PROBE, JSON.stringify(what, null, 1) + '\\n');
  const error = (run) => { try { return run(); } catch (e) { return e.stack; } };
  say({
    stack: new Error('here').stack.split('\\n')
      .filter((line) => !/at process\\.processTicks|executeUserEntryPoint|run_main|main\\.cjs/.test(line)),
    words: arguments.length, module: names(module), require: names(require), text: require.toString(),
    paths: module.paths,
    id: module.id, filename: __filename, directory: __dirname, loaded: module.loaded, exports: this === module.exports,
    main: require.main && require.main.filename, parents: module.parent && module.parent.id,
    children: module.parent && module.parent.children.map(({ id }) => id),
    instance: module instanceof loader, own: require.cache[__filename] === module, cache: Object.keys(require.cache),
    resolved: [require.resolve('fs'), require.resolve('node:fs'), error(() => require.resolve('debug'))],
    lookup: require.resolve.paths('x'), relative: require.resolve.paths('./x'),
    options: error(() => require.resolve('./x', { paths: ['/nowhere'] })),
    missing: error(() => require('no-such-module')), nothing: error(() => require('')), wrong: error(() => require(1)),
    callee: Object.prototype.toString.call(arguments.callee),
  });
}
`;
/** Of the loader, once PM2 has started: nothing of ours is left. */
// the guard looks into it, too
const FOREIGN = `if (!Object.keys(require.cache).some((file) => file.endsWith('/lib/API.js'))) delete process.env.PROBE;
${PROBE}
if (process.env.PROBE) {
  const loader = require('module');
  const shown = (of, name) => {
    const { get, set, value, ...rest } = Object.getOwnPropertyDescriptor(of, name);
    return [!!get, !!set, String(value).slice(0, 120), rest];
  };
  require('fs').appendFileSync(process.env.PROBE, JSON.stringify([
    shown(loader.prototype, '_compile'), shown(loader.prototype, 'load'), shown(loader._extensions, '.js'),
    Reflect.ownKeys(loader).map(String).sort(),
    Object.getPrototypeOf(require.cache) === null, Object.keys(loader._extensions),
    Object.hasOwn(loader, Symbol.hasInstance),
  ]) + '\\n');
}
module.exports = { apps: [] };
`;
/** How many files node reads until PM2 has started: it shows whether what was prepared is used. */
const COUNTER = `
if (process.env.COUNT) {
  const fs = require('fs');
  const read = fs.readFileSync;
  let reads = 0;
  fs.readFileSync = function (...args) { if (/\\.js$/.test(args[0])) reads++; return read.apply(this, args); };
  process.on('exit', () => fs.writeFileSync(process.env.COUNT, String(reads)));
}
`;

async function probed(node: '18' | '20' | '22' | '24' | '26', pm2: '5.4.3' | '6.0.14' | '7.0.4'): Promise<Host> {
  const host = await createHost({ node, pm2 });
  for (const [file, text] of [
    ['lib/Configuration.js', PROBE],
    ['constants.js', COUNTER],
  ] as const) {
    const path = `${host.pm2Package}/${file}`;
    await host.write(path, text + (await host.read(path)));
  }
  await host.write('/home/ops/eco.config.js', FOREIGN, { owner: 'ops' });
  await host.must('sleep 0.1');
  await host.installGuard(CONFIG);
  await host.must('mkdir /home/ops/seen; /usr/bin/pm2 ping', CALLER);
  return host;
}

const PAIRS = [
  ['18', '7.0.4'],
  ['20', '7.0.4'],
  ['22', '7.0.4'],
  ['24', '7.0.4'],
  ['26', '7.0.4'],
  ['22', '5.4.3'],
  ['24', '6.0.14'],
] as const;

for (const [node, pm2] of PAIRS) {
  describeOnHost(`PM2 ${pm2} as prepared, node ${node}`, () => {
    let host: Host;
    beforeAll(async () => {
      host = await probed(node, pm2);
    });
    afterAll(() => host.dispose());

    const seen = async (call: string, name: string, env: Record<string, string> = {}) => {
      await host.must('rm -f /home/ops/seen/*');
      const { status, stdout, stderr } = await host.run(call, {
        ...CALLER,
        env: { [name]: '/home/ops/seen/it', ...env },
      });
      // Below PM2's first module the stack is that of who runs it.
      const below = 'Module.executeUserEntryPoint|Function.executeUser|process.processTicks|node:internal/main';
      const it = (await host.read('/home/ops/seen/it')).replace(
        new RegExp(String.raw`\\n +at (${below.replaceAll('.', '\\.')})[^"\\]*`, 'g'),
        '',
      );
      return { status, stdout: stdout.replaceAll(/[│─┌┐└┘├┤┬┴┼].*\n/g, ''), stderr, it };
    };

    it("is used: node reads next to none of PM2's files", async () => {
      const { it: prepared } = await seen('pm2 jlist', 'COUNT');
      const { it: without } = await seen('pm2 jlist', 'COUNT', { PM2_GUARD_CACHE: 'off' });
      expect(Number(without)).toBeGreaterThan(100);
      expect(Number(prepared)).toBeLessThan(20);
    });

    it.each(['jlist', 'start eco.config.js', 'nosuch'])(
      'pm2 %s: modules, stacks and errors are those of node',
      async (words) => {
        const bare = await seen(`/usr/bin/pm2 ${words}`, 'PROBE');
        expect(bare.it.length).toBeGreaterThan(2000);
        expect(await seen(`pm2 ${words}`, 'PROBE', { PM2_GUARD_CACHE: 'off' })).toEqual(bare);
        expect(await seen(`pm2 ${words}`, 'PROBE')).toEqual(bare);
      },
    );

    it.each([
      'NODE_OPTIONS=--max-old-space-size=300',
      'NODE_OPTIONS=--trace-uncaught',
      'NODE_PRESERVE_SYMLINKS=1',
      'PM2_GUARD_CACHE=off',
    ])('is left aside with %s', async (variable) => {
      const [name = '', value = ''] = variable.split(/=(.*)/);
      expect(Number((await seen('pm2 jlist', 'COUNT', { [name]: value })).it)).toBeGreaterThan(100);
    });

    it('the switch does not reach PM2', async () => {
      await host.must('pm2 start --name env "sleep 100"', { ...CALLER, env: { PM2_GUARD_CACHE: 'off' } });
      expect(await host.must('pm2 env 0 | grep -c PM2_GUARD || :', CALLER)).toBe('0\n');
      await host.must('pm2 delete all', CALLER);
    });
  });
}
