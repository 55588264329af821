import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DOOR_MARK, findRealPm2, SHIM_MARK, ORIGINAL_SUFFIX, type Search } from '../../src/pm2/installed.ts';
import { binOf, packageOf, versions } from './real.ts';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'installed-')));
afterAll(() => {
  rmSync(place, { recursive: true });
});
const npmBin = (version: string) => join(dirname(packageOf(version)), '../../bin'); // holds the link that npm -g makes
const real = npmBin('7.0.4');
const find = (search: Partial<Search>) =>
  findRealPm2({ recorded: null, path: undefined, skip: [], asRoot: false, ...search });

describe.each(versions)('PM2 %s', (version, major) => {
  const it5 = { type: 'found', file: binOf(version), original: null, version, major, known: true };
  it('is found in PATH', () => {
    expect(find({ path: `/nowhere:${npmBin(version)}:${real}` })).toEqual({
      ...it5,
      bin: join(npmBin(version), 'pm2'),
    });
  });
  it('is found by its record', () => {
    expect(find({ recorded: binOf(version), path: '/nowhere' })).toEqual({ ...it5, bin: binOf(version) });
  });
  it('is loaded as found', () => {
    const found = find({ path: npmBin(version) });
    const program = 'process.argv = [process.argv[0], process.argv[1], "-v", "--"]; require("module").runMain()';
    expect(
      found.type === 'found' &&
        execFileSync(process.execPath, ['-e', program, found.bin], {
          encoding: 'utf8',
          env: { PM2_HOME: join(place, 'none') },
        }),
    ).toBe(`${version}\n`);
  });
});

describe('what is called pm2', () => {
  const first = join(place, 'first');
  const ours = join(place, 'lib/pm2-guard/bin');
  const shim = join(ours, 'pm2');
  const script = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  };
  beforeAll(() => {
    script(shim, `#!/bin/sh\n# ${SHIM_MARK}\nexec node x "$@"\n`);
  });
  beforeEach(() => {
    rmSync(first, { recursive: true, force: true });
    mkdirSync(first);
  });
  const at = join(first, 'pm2');

  const inPackage = (manifest: string) => () => {
    script(at, '#!/usr/bin/env node\n');
    writeFileSync(join(first, 'package.json'), manifest);
  };
  const passedOver: [what: string, make: () => void, why: string | null][] = [
    ['is not there', () => undefined, null],
    [
      'is a link to nowhere',
      () => {
        symlinkSync('/nowhere/pm2', at);
      },
      null,
    ],
    [
      'is a loop of links',
      () => {
        symlinkSync('pm3', at);
        symlinkSync('pm2', join(first, 'pm3'));
      },
      'is a loop of symbolic links',
    ],
    [
      'is a link to our shim',
      () => {
        symlinkSync(shim, at);
      },
      "is pm2-guard's own",
    ],
    [
      'is a copy of our shim',
      () => {
        copyFileSync(shim, at);
      },
      "is a copy of pm2-guard's own",
    ],
    [
      "is our shim inside a package of PM2's name",
      () => {
        copyFileSync(shim, at);
        writeFileSync(join(first, 'package.json'), '{"name":"pm2","version":"7.0.4"}');
      },
      "is a copy of pm2-guard's own",
    ],
    [
      'is not executable',
      () => {
        cpSync(packageOf('7.0.4'), join(first, 'package'), { recursive: true });
        symlinkSync('package/bin/pm2', at);
        chmodSync(join(first, 'package/bin/pm2'), 0o644);
      },
      'is not executable',
    ],
    [
      'is a directory',
      () => {
        mkdirSync(at);
      },
      'is no file that can be read',
    ],
    [
      'is a FIFO',
      () => {
        execFileSync('mkfifo', ['-m', '755', at]);
      },
      'is no file that can be read',
    ],
    [
      'is a wrapper',
      () => {
        script(at, '#!/bin/sh\nexec authbind --deep pm2 "$@"\n');
      },
      'is no file of the npm package pm2',
    ],
    ['is of another package', inPackage('{"name":"pm2-guard","version":"1.0.0"}'), 'is no file of the npm package pm2'],
    ['has a broken package.json', inPackage('{"name":"pm2",'), 'is no file of the npm package pm2'],
    ['has no version', inPackage('{"name":"pm2"}'), 'is no file of the npm package pm2'],
    ['has null for a package.json', inPackage('null'), 'is no file of the npm package pm2'],
  ];
  it.each(passedOver)('and %s is passed over', (_, make, why) => {
    make();
    expect(find({ path: `${first}:${real}`, skip: [ours] })).toMatchObject({
      type: 'found',
      version: '7.0.4',
      bin: join(real, 'pm2'),
    });
    expect(find({ path: first, skip: [ours] })).toEqual({
      type: 'none',
      tried: why === null ? [] : [{ path: at, why }],
    });
  });

  describe('and is sealed', () => {
    const sealed = join(first, 'package/bin/pm2');
    beforeEach(() => {
      script(sealed, `#!/usr/bin/env node\n// ${DOOR_MARK}\n`);
      copyFileSync(binOf('7.0.4'), sealed + ORIGINAL_SUFFIX);
      writeFileSync(join(first, 'package/package.json'), '{"name":"pm2","version":"7.0.4"}');
      symlinkSync('package/bin/pm2', at);
    });
    it("is the real one, with PM2's own file beside it", () => {
      expect(find({ path: first })).toEqual({
        type: 'found',
        bin: at,
        file: sealed,
        original: sealed + ORIGINAL_SUFFIX,
        version: '7.0.4',
        major: 7,
        known: true,
      });
    });
    it.each<[what: string, make: () => void]>([
      [
        'gone',
        () => {
          rmSync(sealed + ORIGINAL_SUFFIX);
        },
      ],
      [
        'a door as well',
        () => {
          copyFileSync(sealed, sealed + ORIGINAL_SUFFIX);
        },
      ],
      [
        'no file',
        () => {
          rmSync(sealed + ORIGINAL_SUFFIX);
          mkdirSync(sealed + ORIGINAL_SUFFIX);
        },
      ],
    ])("is passed over where PM2's own file is %s", (_, make) => {
      make();
      expect(find({ path: first })).toEqual({
        type: 'none',
        tried: [{ path: at, why: "is sealed, and PM2's own file beside it is gone: npm install -g pm2@7.0.4" }],
      });
    });
    it("is passed over where the door is in no package of PM2's", () => {
      writeFileSync(join(first, 'package/package.json'), '{"name":"other","version":"1.0.0"}');
      expect(find({ path: first })).toEqual({
        type: 'none',
        tried: [{ path: at, why: "is a copy of pm2-guard's own" }],
      });
    });
  });

  const pnpm = (target: string) => `#!/bin/sh\nbasedir=$(dirname "$(echo "$0" | sed -e 's,\\\\,/,g')")\n
if [ -x "$basedir/node" ]; then\n  exec "$basedir/node"  "${target}" "$@"\nelse\n  exec node  "${target}" "$@"\nfi\n`;
  it.each([
    ['pnpm', pnpm('$basedir/global/5/node_modules/pm2/bin/pm2')],
    ['pnpm, elsewhere', pnpm(join(first, 'global/5/node_modules/pm2/bin/pm2'))],
    [
      'Nix',
      `#! /nix/store/x-bash/bin/bash -e\nexec -a "$0" "/nix/store/y-nodejs/bin/node" ` +
        `${first}/global/5/node_modules/pm2/bin/pm2 "$@"\n`,
    ],
    ['bun or yarn, by hand', `#!/usr/bin/env bash\nexec "${first}/global/5/node_modules/pm2/bin/pm2" "$@"\n`],
  ])('and is a script of %s is followed to the package', (_, text) => {
    const file = join(first, 'global/5/node_modules/pm2/bin/pm2');
    cpSync(packageOf('6.0.14'), join(first, 'global/5/node_modules/pm2'), { recursive: true });
    script(at, text);
    expect(find({ path: `${first}:${real}` })).toMatchObject({ type: 'found', bin: file, file, version: '6.0.14' });
    expect(find({ recorded: at })).toMatchObject({ type: 'found', file });
  });
  it.each([
    [
      'several',
      (a: string) => `#!/bin/sh\n[ -n "$X" ] && exec "${a}/a/pm2/bin/pm2" "$@"\nexec "${a}/b/pm2/bin/pm2" "$@"\n`,
    ],
    ['a variable', () => '#!/bin/sh\nexec node "$X/pm2/bin/pm2" "$@"\n'],
    ['what is not there', () => '#!/bin/sh\nexec node /nowhere/pm2/bin/pm2 "$@"\n'],
    ['itself', (a: string) => `#!/bin/sh\nexec "${a}/pm2/bin/pm2" "$@"\n`],
  ])('and is a script that names %s is passed over', (_, text) => {
    script(at, text(first));
    expect(find({ path: `${first}:${real}` })).toMatchObject({ type: 'found', version: '7.0.4' });
  });
  it.runIf(process.getuid?.() === 0)('and is a script of another user is not followed for root', () => {
    cpSync(packageOf('6.0.14'), join(first, 'global/5/node_modules/pm2'), { recursive: true });
    script(at, pnpm('$basedir/global/5/node_modules/pm2/bin/pm2'));
    chownSync(at, 65534, 65534);
    expect(find({ path: first, asRoot: true })).toMatchObject({ type: 'none', tried: [{ path: at }] });
  });
  it('and is our own directory through a link is passed over', () => {
    const alias = join(place, 'alias');
    symlinkSync(dirname(ours), alias);
    script(join(ours, 'pm2'), '#!/bin/sh\nunmarked\n');
    expect(find({ path: join(alias, 'bin'), skip: [ours] })).toEqual({
      type: 'none',
      tried: [{ path: join(alias, 'bin/pm2'), why: "is pm2-guard's own" }],
    });
    expect(find({ path: ours, skip: [ours] })).toEqual({ type: 'none', tried: [] });
  });

  it('in a PATH that is unset, empty, or relative is not looked for', () => {
    const cwd = process.cwd();
    process.chdir(real);
    try {
      expect(['', ':', '.:..', 'bin', undefined].map((path) => find({ path }).type)).toEqual(Array(5).fill('none'));
    } finally {
      process.chdir(cwd);
    }
  });

  it('and vanished from the record is looked for in PATH', () => {
    expect(find({ recorded: '/gone/pm2', path: real })).toMatchObject({ type: 'found', bin: join(real, 'pm2') });
    expect(find({ recorded: '/gone/pm2' })).toEqual({
      type: 'none',
      tried: [{ path: '/gone/pm2', why: 'does not exist' }],
    });
    expect(find({ recorded: 'bin/pm2' })).toEqual({
      type: 'none',
      tried: [{ path: 'bin/pm2', why: 'is not an absolute path' }],
    });
  });

  it.each([
    ['8.1.0', 7],
    ['12.0.0', 7],
    ['4.5.6', 5],
    ['6.1.0-beta', 6],
  ])('and of version %s speaks the grammar of %d', (version, major) => {
    script(at, '#!/usr/bin/env node\n');
    writeFileSync(join(first, 'package.json'), JSON.stringify({ name: 'pm2', version }));
    expect(find({ path: first })).toMatchObject({ type: 'found', version, major, known: version.startsWith('6') });
  });
});

describe.runIf(process.getuid?.() === 0)('for root', () => {
  // Below /usr and not below /tmp: every directory on the way must be root's.
  const home = realpathSync(mkdtempSync('/usr/local/lib/installed-'));
  const pm2 = join(home, 'lib/node_modules/pm2');
  chmodSync(home, 0o755);
  beforeEach(() => {
    rmSync(join(home, 'lib'), { recursive: true, force: true });
    mkdirSync(join(pm2, 'lib/binaries'), { recursive: true });
    mkdirSync(join(pm2, 'bin'));
    for (const file of ['package.json', 'bin/pm2', 'lib/binaries/CLI.js'])
      copyFileSync(join(packageOf('7.0.4'), file), join(pm2, file));
  });
  afterAll(() => {
    rmSync(home, { recursive: true });
  });
  const bin = join(pm2, 'bin/pm2');
  const asRoot = () => find({ recorded: bin, asRoot: true });

  it('is trusted where only root can write', () => {
    expect(asRoot()).toMatchObject({ type: 'found', bin });
  });
  it.each(['bin/pm2', 'lib/binaries/CLI.js', 'lib', 'bin', '.'])("is not where %s is another user's", (path) => {
    chownSync(join(pm2, path), 65534, 65534);
    expect(asRoot()).toMatchObject({ type: 'untrusted', bin, distrust: { kind: 'owner', path: join(pm2, path) } });
    expect(find({ recorded: bin }).type).toBe('found');
  });
  it("is not where the original of a door is another user's", () => {
    renameSync(bin, bin + ORIGINAL_SUFFIX);
    writeFileSync(bin, `#!/usr/bin/env node\n// ${DOOR_MARK}\n`);
    expect(asRoot()).toMatchObject({ type: 'found', original: bin + ORIGINAL_SUFFIX });
    chownSync(bin + ORIGINAL_SUFFIX, 65534, 65534);
    expect(asRoot()).toMatchObject({ type: 'untrusted', distrust: { kind: 'owner', path: bin + ORIGINAL_SUFFIX } });
  });
  it('is not in a directory that all users can write', () => {
    chmodSync(bin, 0o777);
    expect(asRoot()).toMatchObject({ type: 'untrusted', distrust: { kind: 'writable' } });
  });
  it('is loaded by its own path where a user owns the link to it', () => {
    const link = join(place, 'pm2');
    symlinkSync(bin, link);
    expect(find({ recorded: link, asRoot: true })).toMatchObject({ type: 'found', bin, file: bin });
  });
});
