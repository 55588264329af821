import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { findRealPm2 } from '../../src/pm2/installed.ts';
import { pinAdvice } from '../../src/pm2/pin-advice.ts';
import { wrappedPm2 } from '../../src/pm2/wrapper.ts';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'wrapper-')));
const home = join(place, 'home');
beforeEach(() => {
  rmSync(home, { recursive: true, force: true });
});
afterAll(() => {
  rmSync(place, { recursive: true });
});

function file(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

function link(path: string, target: string): string {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
  return path;
}

/** As `npm install -g` leaves it below a prefix. */
function installed(prefix: string, version = '7.0.4'): string {
  const bin = file(join(home, prefix, 'lib/node_modules/pm2/bin/pm2'), '#!/usr/bin/env node\n');
  file(join(home, prefix, 'lib/node_modules/pm2/package.json'), JSON.stringify({ name: 'pm2', version }));
  link(join(home, prefix, 'bin/pm2'), '../lib/node_modules/pm2/bin/pm2');
  return bin;
}

const found = (path: string, node = '/usr/bin/node') => wrappedPm2(path, realpathSync(path), node);
const at = (path: string) => join(home, path);

/** Shims as the tools write them, and the prefixes below which they find pm2. */
const tools: Record<string, { shim: string; make: (path: string) => void; prefixes: [string, string] }> = {
  asdf: {
    shim: '.asdf/shims/pm2',
    make: (path) => file(path, '#!/usr/bin/env bash\n# asdf-plugin: nodejs 22.1.0\nexec asdf exec "pm2" "$@"'),
    prefixes: ['.asdf/installs/nodejs/22.1.0', '.asdf/installs/nodejs/20.9.0'],
  },
  'asdf before 0.16, and an npm prefix of its plugin': {
    shim: '.asdf/shims/pm2',
    make: (path) =>
      file(
        path,
        `#!/usr/bin/env bash\n# asdf-plugin: nodejs 18.1.0\nexec ${home}/.asdf/bin/asdf exec "pm2" "$@" # asdf_allow\n`,
      ),
    prefixes: ['.asdf/installs/nodejs/18.1.0/.npm', '.asdf/installs/nodejs/20.9.0/.npm'],
  },
  nodenv: {
    shim: '.nodenv/shims/pm2',
    make: (path) =>
      file(
        path,
        '#!/usr/bin/env bash\nset -e\n[ -n "$NODENV_DEBUG" ] && set -x\n\nprogram="${0##*/}"\n' +
          `export NODENV_ROOT="${home}/.nodenv"\nexec "${home}/.nodenv/libexec/nodenv" exec "$program" "$@"\n`,
      ),
    prefixes: ['.nodenv/versions/22.1.0', '.nodenv/versions/20.9.0'],
  },
  mise: {
    shim: '.local/share/mise/shims/pm2',
    make: (path) => link(path, file(at('.local/bin/mise'), `\x7fELF${'\0'.repeat(200_000)}`)),
    prefixes: ['.local/share/mise/installs/npm-pm2/7.0.4', '.local/share/mise/installs/node/22.1.0'],
  },
  volta: {
    shim: '.volta/bin/pm2',
    make: (path) => {
      file(at('.volta/bin/volta-shim'), '\x7fELF\0');
      link(path, 'volta-shim');
    },
    prefixes: ['.volta/tools/image/packages/pm2', '.volta/tools/image/node/22.1.0'],
  },
};

describe.each(Object.entries(tools))('a shim of %s', (name, { shim, make, prefixes: [first, second] }) => {
  const tool = name.split(' ')[0];
  it('leads to the one pm2 of the tool', () => {
    make(at(shim));
    expect(found(at(shim))).toBeNull();
    const bin = installed(first);
    expect(found(at(shim))).toEqual({ type: 'package', bin });
    const linked = link(at('usr/local/bin/pm2'), at(shim));
    expect(findRealPm2({ recorded: null, path: dirname(linked), skip: [], asRoot: false })).toMatchObject({
      type: 'found',
      file: bin,
      version: '7.0.4',
    });
  });
  it('leads to the pm2 beside the node that the tool chose, where it has several', () => {
    make(at(shim));
    const bins = [installed(first), installed(second, '6.0.14')];
    expect(found(at(shim), at(`${first}/bin/node`))).toEqual({ type: 'package', bin: bins[0] });
    expect(found(at(shim), at(`${second}/bin/node`))).toEqual({ type: 'package', bin: bins[1] });
    expect(found(at(shim))).toEqual({ type: 'several', tool, bins: bins.sort() });
    expect(findRealPm2({ recorded: at(shim), path: '', skip: [], asRoot: false })).toEqual({
      type: 'none',
      tried: [{ path: at(shim), why: `is a shim of ${tool ?? ''}, which has several`, behind: bins.sort() }],
    });
  });
  it('leads to one pm2 that has two names: latest, 22', () => {
    make(at(shim));
    const bin = installed(first);
    if (/[\d.]+$/.test(first)) link(join(home, dirname(first), 'latest'), first.replace(/^.*\//, ''));
    expect(found(at(shim))).toEqual({ type: 'package', bin });
  });
});

const target = '../global/v11/15ec/node_modules/pm2/bin/pm2';
/** The lines that pnpm 12 ends its script with; the ones before find `basedir_abs`. */
const PNPM_12 = `#!/bin/sh
if [ -n "$exe" ] && [ -x "$basedir/node.exe" ]; then
  exec "$basedir/node.exe"  "$basedir_win"/'${target}' "$@"
elif [ -x "$basedir/node" ]; then
  exec "$basedir/node"  "$basedir_abs"/'${target}' "$@"
else
  exec node  "$basedir_abs"/'${target}' "$@"
fi
# cmd-shim-target=/somewhere
`;

describe('a wrapper', () => {
  it.each([
    ['in its own directory', '.local/share/pnpm/bin/pm2'],
    ['through a link elsewhere', 'usr/local/bin/pm2'],
  ])('of pnpm 12 leads to the package that it names: %s', (_, called) => {
    file(at('.local/share/pnpm/bin/pm2'), PNPM_12);
    if (called.startsWith('usr')) link(at(called), at('.local/share/pnpm/bin/pm2'));
    const bin = file(at('.local/share/pnpm/store/links/pm2/bin/pm2'), '');
    link(at('.local/share/pnpm/global/v11/15ec/node_modules/pm2'), at('.local/share/pnpm/store/links/pm2'));
    const said = found(at(called));
    expect(said).toEqual({ type: 'package', bin: at('.local/share/pnpm/global/v11/15ec/node_modules/pm2/bin/pm2') });
    expect(said?.type === 'package' && realpathSync(said.bin)).toBe(bin);
  });
  it("of Nix leads to the package, by the link that its wrapper put aside, and in a prefix of mise's", () => {
    const prefix = '.local/share/mise/installs/npm-pm2/7.0.4';
    const bin = file(at('store/x-pm2/lib/node_modules/pm2/bin/pm2'), '');
    const hidden = link(at('store/x-pm2/bin/.pm2-wrapped'), '../lib/node_modules/pm2/bin/pm2');
    const nix = `#! /nix/store/y-bash/bin/bash -e\nexec -a "$0" "${hidden}"  "$@"\n`;
    expect(found(file(at('profile/bin/pm2'), nix))).toEqual({ type: 'package', bin: hidden });
    file(at(`${prefix}/bin/pm2`), nix);
    const shim = at(tools['mise']?.shim ?? '');
    tools['mise']?.make(shim);
    expect(found(shim)).toEqual({ type: 'package', bin: hidden });
    expect(realpathSync(hidden)).toBe(bin);
  });
  it('that is compiled, of Nix, leads to the package that it was made for', () => {
    const bin = '/nix/store/abc-pm2-7.0.4/lib/node_modules/pm2/bin/pm2';
    const program = (names: string[]) =>
      `\x7fELF\0\0${names.map((name) => `makeCWrapper '/nix/store/n/bin/node' --add-flags '${name}'\n\0`).join('')}`;
    expect(found(file(at('bin/pm2'), program([bin, bin])))).toEqual({ type: 'package', bin });
    expect(found(file(at('bin/pm2'), program([bin, bin.replace('abc', 'abd')])))).toBeNull();
    expect(found(file(at('bin/pm2'), program([])))).toBeNull();
  });
  it.each([
    ['calls pm2 again', 'exec authbind --deep pm2 "$@"'],
    ['asks for another tool', 'exec asdf exec "pm2-runtime" "$@"'],
    ['names a file that is no pm2', `exec node "${place}/home/other/bin/pm2" "$@"`],
    ['does not pass its words on', `exec node ${place}/home/lib/node_modules/pm2/bin/pm2 list`],
  ])('that %s leads nowhere', (_, line) => {
    installed('');
    file(at('other/bin/pm2'), '');
    expect(found(file(at('wrapper/pm2'), `#!/bin/sh\n${line}\n`))).toBeNull();
  });
});

it('the line of the config is told where no file says which pm2 it is', () => {
  const config = '/etc/pm2-guard/config.yaml';
  const path = '/root/.asdf/shims/pm2';
  const several = { path, why: 'is a shim of asdf, which has several', behind: ['/a b/pm2', '/c/pm2'] };
  expect(pinAdvice([several], config)).toEqual({
    why: `${path} is a shim of asdf, which has several: /a b/pm2, /c/pm2`,
    fix: `add a line to ${config} below its daemon:  pm2: '/a b/pm2'   or   pm2: /c/pm2`,
  });
  expect(pinAdvice([{ path, why: 'is no file of the npm package pm2' }], config)).toEqual({
    why: `${path} does not say which pm2 it starts`,
    fix: `add a line to ${config} below its daemon:  pm2: /.../pm2/bin/pm2`,
  });
  expect(pinAdvice([{ path, why: 'is not executable' }], config)).toBeNull();
});
