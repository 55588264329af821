import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/pm2/interpret.ts';
import type { Target } from '../../src/pm2/invocation.ts';

const cwd = '/srv/app';
const read = (line: string, env: NodeJS.ProcessEnv = {}) =>
  interpret(
    line.split(' ').map((word) => word.replace(/_/g, ' ')),
    { major: 7, env, cwd },
  );
const show = (target: Target) => (target.kind === 'file' ? `file ${target.path}` : `${target.kind} ${target.word}`);
const starts = (line: string, env?: NodeJS.ProcessEnv) =>
  read(line, env).starts.map(
    ({ name, namespace, script, cwd: folder }) =>
      `${name ?? '?'}${namespace === null ? '' : ` in ${namespace}`}: ${script ?? '-'} from ${folder}`,
  );

/** scope, then targets. */
const _ =
  (line: string, ...expected: string[]) =>
  () => {
    const { scope, targets } = read(line);
    expect([scope, ...targets.map(show)]).toEqual(expected);
  };

describe('targets', () => {
  it('names', _('restart api web', 'app', 'name api', 'name web'));
  it('all', _('reload all', 'app', 'all all'));
  it('an id', _('delete 0x1', 'app', 'id 0x1'));
  it('regex', _('stop /shop-.*/', 'app', 'regex /shop-.*/'));
  it('regex is not for describe', _('describe /re/', 'app', 'name /re/'));
  it('a process file', _('restart sub/eco.config.js', 'app', 'file /srv/app/sub/eco.config.js'));
  it('by substring', _('restart api.json-worker', 'app', 'file /srv/app/api.json-worker'));
  it('ecosystem.js is none', _('restart ecosystem.js', 'app', 'name ecosystem.js'));
  it('stdin', _('delete -', 'app', 'stdin -'));
  it('stdin among others, for stop', _('stop a -', 'app', 'name a', 'stdin -'));
  it('a name among others, for delete', _('delete a -', 'app', 'name a', 'name -'));
  it('words after -- for stop', _('stop a -- b', 'app', 'name a', 'name b'));
  it('words after -- for restart', _('restart a -- b', 'app', 'name a'));
  it('startOrRestart takes a file', _('startOrRestart api', 'app', 'file /srv/app/api'));
  it('scale', _('scale api 4', 'app', 'name api'));
  it('sendSignal', _('sendSignal SIGUSR2 api', 'app', 'name api'));
  it('sendSignal parses ids', _('sendSignal SIGUSR2 3x', 'app', 'id 3x'));
  it('send takes ids', _('send api hello', 'app', 'id api'));
  it('trigger', _('trigger all gc', 'app', 'all all'));
  it('pull', _('pull api 4f', 'app', 'name api'));
  it('logs', _('logs api', 'app', 'name api'));
  it('logs by regex', _('log /a/', 'app', 'regex /a/'));
  it('logs of everything', _('logs', 'daemon'));
  it('logs of the daemon', _('logs PM2', 'daemon'));
  it('flush', _('flush api', 'app', 'name api'));
  it('flush everything', _('flush', 'daemon'));
  it('pid of a number is a name', _('pid 0', 'app', 'name 0'));
  it('monitor', _('monitor api', 'app', 'name api'));
  it('monitor nothing', _('monitor', 'keymetrics'));
});

describe('whole daemon and others', () => {
  it('list', _('ls', 'daemon'));
  it('save', _('save --force', 'daemon'));
  it('kill', _('kill', 'daemon'));
  it('update', _('update', 'daemon'));
  it('module', _('install pm2-logrotate', 'modules'));
  it('deploy', _('deploy eco.json production', 'deploy'));
  it('init', _('init simple', 'pure'));
  it('version', _('-v', 'pure'));
  it('unknown', _('foo', 'pure'));
  it('container', _('start app.js --container', 'host'));
  it('canonical names', () => {
    expect(read('save')).toMatchObject({ command: 'dump', typed: 'save' });
  });
  it('no command', () => {
    expect(read('foo')).toMatchObject({ command: null, typed: 'foo' });
  });
  it('completion', () => {
    expect(read('completion')).toMatchObject({ command: 'completion', typed: 'completion' });
  });
});

describe('configuration restarts apps', () => {
  it('set app:key', _('set app:key v', 'config', 'name app'));
  it('set app.key', _('set app.key v', 'config', 'name app'));
  it('the colon wins', _('set a.b:c v', 'config', 'name a.b'));
  it('set key', _('set key v', 'config'));
  it('set all:key', _('set all:key v', 'config', 'all all'));
  it('multiset', _('multiset app:k_v_other:k_v', 'config', 'name app'));
  it('config reads', _('config app:key', 'config'));
  it('config writes', _('config app:key v', 'config', 'name app'));
  it('unset does not', _('unset app:key', 'config'));
});

describe('starts', () => {
  const is =
    (line: string, ...expected: string[]) =>
    () => {
      expect(starts(line)).toEqual(expected);
    };
  it('a script', is('start a.js', 'a: /srv/app/a.js from /srv/app'));
  it('two', is('start a.js ../b.py', 'a: /srv/app/a.js from /srv/app', 'b: /srv/b.py from /srv/app'));
  it('--cwd moves the script too', is('start a.js --cwd /var/www', 'a: /var/www/a.js from /var/www'));
  it('--name', is('start a.js -n api', 'api: /srv/app/a.js from /srv/app'));
  it('--namespace', is('start a.js --namespace shop', 'a in shop: /srv/app/a.js from /srv/app'));
  it('npm', is('start npm --name myapp --cwd /var/www/myapp -- start', 'myapp: - from /var/www/myapp'));
  it('a command line', is('start node_a.js_--port_3', 'node a: - from /srv/app'));
  it('an id starts nothing', is('start 3'));
  it('all starts nothing', is('start all'));
  it('a process file is no start', is('start eco.config.js'));
  it('serve', is('serve', 'static-page-server-8080: - from /srv/app'));
  it('serve with a port', is('serve dist 3000', 'static-page-server-3000: - from /srv/app/dist'));
  it('serve --port', is('serve dist --port 4000', 'static-page-server-4000: - from /srv/app/dist'));
  it('serve --name', is('serve --name docs', 'docs: - from /srv/app'));

  it('a bare word may be a running app', _('start api', 'app', 'name api'));
  it('a path may not', _('start ./api', 'app'));
  it('an extension may not', _('start api.js', 'app'));
  it('nothing named', _('start', 'app', 'file /srv/app/ecosystem.config.js'));
  it('nothing left by --', _('start a -- a', 'app', 'file /srv/app/ecosystem.config.js'));
  it('stdin', _('start -', 'app', 'stdin -'));

  it('name in the environment', () => {
    expect(starts('start a.js --name b', { name: 'x' })).toEqual(['x: /srv/app/a.js from /srv/app']);
  });
  it('namespace in the environment', () => {
    expect(starts('start a.js', { namespace: 'n' })).toEqual(['a in n: /srv/app/a.js from /srv/app']);
  });
  it('not inside an app', () => {
    expect(starts('start a.js', { name: 'x', pm_id: '0' })).toEqual(['a: /srv/app/a.js from /srv/app']);
  });
  it('not programmatic', () => {
    expect(starts('start a.js', { name: 'x', PM2_PROGRAMMATIC: 'true' })).toEqual(['a: /srv/app/a.js from /srv/app']);
  });
  it('not filtered', () => {
    expect(starts('start a.js --filter-env nam', { name: 'x' })).toEqual(['a: /srv/app/a.js from /srv/app']);
  });
  it('serve with a name in the environment', () => {
    expect(starts('serve', { name: 'x', PM2_SERVE_PORT: '1' })).toEqual(['x: - from /srv/app']);
  });
});

describe('--only', () => {
  const only =
    (line: string, ...expected: string[]) =>
    () => {
      expect(read(line).only).toEqual(expected);
    };
  it('a list for start', only('start eco.json --only a,b_c', 'a', 'b', 'c'));
  it('a list for reload', only('reload eco.json --only a,b', 'a', 'b'));
  it('one name for stop', only('stop eco.json --only a,b', 'a,b'));
  it('one name for delete', only('delete eco.json --only a', 'a'));
  it('one name for a restart from stdin', only('restart - --only a,b', 'a,b'));
  it('no process file', only('restart a --only b'));
});

describe('startup', () => {
  it('all of it', () => {
    expect(read('startup systemd -u www-data --hp /var/www')).toMatchObject({
      scope: 'host',
      startup: { user: 'www-data', hp: '/var/www', platform: 'systemd' },
    });
  });
  it('nothing said', () => {
    expect(read('unstartup').startup).toEqual({ user: null, hp: null, platform: null });
  });
  it('other commands', () => {
    expect(read('start startup').startup).toBe(null);
  });
});

describe('places in argv', () => {
  const places =
    (line: string, ...expected: (number | null)[]) =>
    () => {
      const { targets, starts } = read(line);
      expect([...targets, ...starts].map(({ at }) => at)).toEqual(expected);
    };
  it('targets', places('restart api web', 1, 2));
  it('behind options', places('-n x restart -f api --env web web', 4, 7));
  it('log, which PM2 reads as logs', places('stop api log', 1, 2));
  it('words after --, where they are targets', places('stop api -- web', 1, 3));
  it('behind an option of the command', places('start api.js --fresh b.js', 3, 1));
  it('joined to an option of the command', places('start api.js --fresh=b.js', null, 1));
  it('a name that may be a script', places('start api', 1, 1));
  it('the default process file', places('start', null));
  it('the second word', places('sendSignal SIGUSR2 api', 2));
  it('a part of a word', places('set app:key v', null));
  it('what serve starts', places('serve dist 3000', null));
});
