import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readService, UNKNOWN, type ServiceFile } from '../../src/host/boot/unit-file.ts';
import type { Manager } from '../../src/host/boot/unit-specifiers.ts';
import { asUid } from '../../src/runtime/brands.ts';

const OPS: Manager = { name: 'ops', uid: asUid(1002), homeDirectory: '/home/ops' };

/** What is read of a [Service] with these lines. */
function read(lines: string, { name = 'pm2-x.service', manager = null as Manager } = {}): ServiceFile {
  const service = readService([lines.startsWith('[') ? lines : `[Service]\n${lines}\n`], name, manager);
  if (service === null) throw new Error('systemd would not load it');
  return service;
}
const home = (lines: string, of = {}) => read(lines, of).env.get('PM2_HOME');

// systemd.unit(5), SPECIFIERS; each value was compared with what systemd 252 shows.
describe('specifiers', () => {
  it.each<[specifier: string, ofSystem: string, ofUser: string | symbol]>([
    ['%h', '/root', '/home/ops'],
    ['%u', 'root', 'ops'],
    ['%U', '0', '1002'],
    ['%t', '/run', '/run/user/1002'],
    ['%S', '/var/lib', UNKNOWN],
    ['%C', '/var/cache', '/home/ops/.cache'],
    ['%E', '/etc', '/home/ops/.config'],
    ['%L', '/var/log', UNKNOWN],
    ['%H', hostname(), hostname()],
    ['%i', 'a-b', 'a-b'],
    ['%I', 'a/b', 'a/b'],
    ['%p', 'pm2-of', 'pm2-of'],
    ['%j', 'of', 'of'],
    ['%n', 'pm2-of@a-b.service', 'pm2-of@a-b.service'],
    ['%N', 'pm2-of@a-b', 'pm2-of@a-b'],
    ['%f', '/a/b', '/a/b'],
    ['%T', '/tmp', '/tmp'],
    ['%%', '%', '%'],
    ['%', '%', '%'],
    ['%.', '%.', '%.'],
    ['%y', UNKNOWN as never, UNKNOWN],
    ['%m', UNKNOWN as never, UNKNOWN],
  ])('%j', (specifier, ofSystem, ofUser) => {
    const line = `Environment=PM2_HOME=${specifier}`;
    const homes = [null, OPS].map((manager) => home(line, { name: 'pm2-of@a-b.service', manager }));
    expect(homes).toEqual([ofSystem, ofUser]);
  });

  it('are about the user of the manager, also in a unit with User=', () => {
    expect(read('User=www-data\nEnvironment=PM2_HOME=%h/.pm2').env.get('PM2_HOME')).toBe('/root/.pm2');
  });

  it('that are unknown make a value unknown, and no path of it', () => {
    expect(read('User=%q')).toMatchObject({ user: UNKNOWN });
    expect(read('PIDFile=%b/pm2.pid')).toMatchObject({ pidFile: null });
    expect(read('ExecStart=%d/pm2 resurrect')).toMatchObject({ start: [] });
    expect(read('EnvironmentFile=%d/env').envFiles).toEqual([UNKNOWN]);
  });
});

describe('sections and lines', () => {
  it('takes User= of [Service] only', () => {
    const text = '[Unit]\nUser=a\n[Service]\nUser=web\n[Install]\nUser=b\n[X-Other]\nUser=c\n';
    expect(read(text).user).toBe('web');
  });
  it('each file begins outside of a section, and its last line ends with it', () => {
    const texts = ['[Service]\nUser=web\nEnvironment=A=1 \\', 'User=other\n', '[Service]\nEnvironment=B=2'];
    expect(readService(texts, 'x.service')).toMatchObject({
      user: 'web',
      env: new Map([
        ['A', '1'],
        ['B', '2'],
      ]),
    });
  });
  it.each(['\r\n', '\r', '\n\r'])('reads lines that end with %j', (end) => {
    const text = ['[Service]', 'User=web', 'Environment=A=1 \\', 'PM2_HOME=/srv/.pm2', ''].join(end);
    expect(read(text)).toMatchObject({ user: 'web' });
    expect(home(text)).toBe('/srv/.pm2');
  });
  it('skips comments in a continued line, and knows an escaped backslash at the end', () => {
    expect(home('Environment=A=1 \\\n# User=root \\\n; x\n  PM2_HOME=/srv/.pm2')).toBe('/srv/.pm2');
    expect(read('Environment=A=\\\\\nUser=web')).toMatchObject({ user: 'web', env: new Map([['A', '\\']]) });
  });
  it('a faulty header ends the file: no unit, or no more of a drop-in', () => {
    expect(readService(['[Service\nUser=web\n'], 'x.service')).toBeNull();
    const texts = ['[Service]\nUser=web\n', '[Service]\nUser=ops\n[Ser"vice]\nUser=x'];
    expect(readService(texts, 'x.service')).toMatchObject({
      user: 'ops',
    });
  });
  it('no line with bytes that are no UTF-8, and a byte order mark, is in the way', () => {
    expect(read('\ufeff[Service]\nUser=web\nUser=\ufffd\n'.slice(1)).user).toBe('web');
    expect(readService(['\ufeff[Service]\nUser=web\n'], 'x.service')?.user).toBe('web');
  });
});

describe('Environment=', () => {
  it.each<[line: string, home: string | undefined]>([
    ['PM2_HOME="/a b"', '/a b'],
    ['"PM2_HOME=/a b"', '/a b'],
    ["'PM2_HOME=/a b' A=1", '/a b'],
    ['PM2_HOME=/a\\x20b', '/a b'],
    ['PM2_HOME=/a\\sb', '/a b'],
    ['PM2_HOME=/\\303\\244', '/ä'],
    ['PM2_HOME=/\\u00e4', '/ä'],
    ['PM2_HOME="/\\"a"', '/"a'],
    ["PM2_HOME='/a\"b'", '/a"b'],
    ['PM2_HOME=/a"b c"d', '/ab cd'],
    ['PM2_HOME=/a PM2_HOME=/b', '/b'],
    ['7A=1 PM2_HOME=/a', '/a'],
    ['PM2_HOME=/a "open', '/a'],
    ['A=\\q PM2_HOME=/a', undefined],
    ['"open PM2_HOME=/a', undefined],
    ['PM2_HOME=/\\xe4', undefined],
    ['XPM2_HOME=/a', undefined],
  ])('%s', (line, expected) => {
    expect(home(`Environment=${line}`)).toBe(expected);
  });
  it('forgets all that stood before an empty one', () => {
    expect(read('Environment=A=1 B=2\nEnvironment=\nEnvironment=C=3').env).toEqual(new Map([['C', '3']]));
  });
});

describe('other settings', () => {
  it('several commands, with semicolons, and escapes that are none', () => {
    expect(read('ExecStart=/bin/mkdir /run/x ; /usr/bin/pm2 resurrect \\; \\d').start).toEqual([
      '/usr/bin/pm2',
      'resurrect',
      ';',
      '\\d',
    ]);
    expect(read('ExecStart=/usr/bin/pm2 resurrect\nExecStart=\nExecStart=/bin/true').start).toEqual(['/bin/true']);
  });
  it("PIDFile= is in the manager's runtime directory, and simplified", () => {
    expect(read('PIDFile=pm2.pid', { manager: OPS }).pidFile).toBe('/run/user/1002/pm2.pid');
    expect(read('PIDFile=%h/.pm2/pm2.pid', { manager: OPS }).pidFile).toBe('/home/ops/.pm2/pm2.pid');
    expect(read('PIDFile=/var/run//./pm2.pid').pidFile).toBe('/run/pm2.pid');
    expect(read('PIDFile=/a.pid\nPIDFile=/b/../c').pidFile).toBe('/a.pid');
  });
  it('UnsetEnvironment= and DynamicUser= are read', () => {
    expect(read('UnsetEnvironment=A "B=1 2" =x\nDynamicUser=On')).toMatchObject({
      unset: ['A', 'B=1 2'],
      isDynamic: true,
    });
    expect(read('UnsetEnvironment=A\nUnsetEnvironment=\nDynamicUser=1\nDynamicUser=no')).toMatchObject({
      unset: [],
      isDynamic: false,
    });
  });
});
