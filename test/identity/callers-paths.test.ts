import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { homeDirectories, holdsCallersPath, withoutCallersPaths } from '../../src/identity/callers-paths.ts';

describe("paths of the caller's home directory", () => {
  const al = homeDirectories(['/home/al'], '/var/www');
  it.each([
    '/home/al',
    '/home/al/',
    '/home/al/x',
    'a=/home/al/x',
    '--require /home/al/x',
    '/srv:/home/al/lib',
    'file:///home/al/x',
    '"/home/al/x"',
    '[/home/al]',
    '-I/home/al/include',
    '-O2 -isystem/home/al/include',
    'file:/home/al',
    '/srv /home/al',
    '//home/al/x',
    '{"dir":"/home/al"}',
    'a,/home/al,b',
    '\n/home/al\n',
    '/run/user/1000/bus',
    'unix:path=/run/user/0/bus',
    '/tmp/user/7',
  ])('%j holds one', (text) => {
    expect(holdsCallersPath(text, al)).toBe(true);
  });
  it.each([
    '/home/alan/x',
    '/home/al.d',
    '/home/al-2',
    '/srv/home/al',
    './home/al',
    'https://example.com/home/al',
    'home/al',
    '/home',
    '/var/www/x',
    'al',
    '',
    '/srv/user/x',
  ])('%j holds none', (text) => {
    expect(holdsCallersPath(text, al)).toBe(false);
  });

  it("what lies in the owner's home directory is the owner's", () => {
    const nested = homeDirectories(['/srv'], '/srv/app');
    expect(
      ['/srv/app', '/srv/app/x', '/srv/application', '/srv/x'].map((text) => holdsCallersPath(text, nested)),
    ).toEqual([false, false, true, true]);
    expect(holdsCallersPath('/var/www/deploy/x', homeDirectories(['/var/www/deploy'], '/var/www'))).toBe(true);
  });

  it("directories of the system are not a user's home", () => {
    expect(
      homeDirectories(['/', '/bin', '/usr/sbin/', null, '/nonexistent', '/home/al/', '/home/al'], '/').callers,
    ).toEqual(['/home/al']);
  });

  it.each([
    ['--require /home/al/x --no-warnings', '--no-warnings'],
    ['--no-warnings -r /home/al/x', '--no-warnings'],
    ['--require=/home/al/x', null],
    ['--import file:///home/al/x.mjs --enable-source-maps', '--enable-source-maps'],
    ['--env-file=/home/al/.env --max-old-space-size=64', '--max-old-space-size=64'],
    ['--require "/home/al/my file.js" --trace-warnings', '--trace-warnings'],
    ['--require="/srv/my file.js" --require "/home/al/x"', '--require="/srv/my file.js"'],
    ['--require "/home/al', null],
    ['--require /srv/x  --inspect=0', '--require /srv/x  --inspect=0'],
    ['--require "/home/\\al/x" --no-warnings', '--no-warnings'],
    ['-r /srv/a -r /home/al/b -r /srv/c', '-r /srv/a -r /srv/c'],
  ])('NODE_OPTIONS=%s', (value, expected) => {
    expect(withoutCallersPaths('NODE_OPTIONS', value, al)).toBe(expected);
  });

  it.each([
    ['LD_LIBRARY_PATH', '/opt/lib:/home/al/lib', '/opt/lib'],
    ['NODE_PATH', 'lib:/home/al/lib:/opt', 'lib:/opt'],
    ['PERL5LIB', '/home/al/a:/home/al/b', null],
    ['MY_PATH', '/home/al/a', null],
    ['VOLUME', '/home/al/data:/data', null],
    ['CONFIG_PATH', 'host:/home/al/x', null],
    ['GEM_PATH', ':/home/al:', null],
  ])('%s=%s', (name, value, expected) => {
    expect(withoutCallersPaths(name, value, al)).toBe(expected);
  });

  it('keep every harmless word of NODE_OPTIONS, in order', () => {
    const harmless = fc.constantFrom(
      '--no-warnings',
      '--max-old-space-size=96',
      '--require /srv/a.js',
      '--require="/srv/b c.js"',
      '-r ./x',
      '--conditions=dev',
    );
    const harmful = fc.constantFrom(
      '--require /home/al/a.js',
      '--import=file:///home/al/x',
      '-r "/home/al/b c.js"',
      '--env-file=/home/al/.env',
    );
    const words = fc.array(
      fc.oneof(
        harmless.map((word) => ({ word, stays: true })),
        harmful.map((word) => ({ word, stays: false })),
      ),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(words, (options) => {
        const kept = options
          .filter(({ stays }) => stays)
          .map(({ word }) => word)
          .join(' ');
        expect(
          withoutCallersPaths(
            'NODE_OPTIONS',
            options.map(({ word }) => word).join(' '),
            homeDirectories(['/home/al'], null),
          ) ?? '',
        ).toBe(kept);
      }),
    );
  });
});
