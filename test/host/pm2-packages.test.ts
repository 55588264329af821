import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { globalPm2Packages, pm2PackagesBelow } from '../../src/host/installations/pm2-packages.ts';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'packages-')));
afterAll(() => {
  rmSync(home, { recursive: true });
});
const lay = (path: string) => {
  mkdirSync(join(home, path, 'bin'), { recursive: true });
};

// Where each of them says, in its own documentation, that it keeps global packages.
const managers = {
  nvm: ['.nvm/versions/node/v18.20.8/lib/node_modules/pm2', '.nvm/versions/node/v22.23.3/lib/node_modules/pm2'],
  volta: ['.volta/tools/image/packages/pm2/lib/node_modules/pm2'],
  fnm: [
    '.local/share/fnm/node-versions/v22.23.3/installation/lib/node_modules/pm2',
    '.fnm/node-versions/v20.20.2/installation/lib/node_modules/pm2',
  ],
  asdf: ['.asdf/installs/nodejs/22.23.3/lib/node_modules/pm2'],
  mise: ['.local/share/mise/installs/node/22.23.3/lib/node_modules/pm2'],
  nodenv: ['.nodenv/versions/22.23.3/lib/node_modules/pm2'],
  n: ['n/lib/node_modules/pm2'],
  npm: ['.npm-global/lib/node_modules/pm2', '.local/lib/node_modules/pm2'],
  'npm of cPanel': ['nodevenv/shop/22/lib/node_modules/pm2'],
  bun: ['.bun/install/global/node_modules/pm2'],
  yarn: ['.config/yarn/global/node_modules/pm2'],
};

it.each(Object.entries(managers))('%s', (name, paths) => {
  rmSync(home, { recursive: true });
  mkdirSync(home);
  expect(pm2PackagesBelow(home)).toEqual([]);
  for (const path of paths) lay(path);
  expect({ [name]: pm2PackagesBelow(home) }).toEqual({ [name]: paths.map((path) => join(home, path)).sort() });
});

it.each([
  ['prefix=~/tools/npm', ['tools/npm']],
  ['registry=https://npm.example.com/\n prefix = "${HOME}/tools/npm"\r\n', ['tools/npm']],
  ['; prefix=~/tools/npm', []],
  ['prefix=/usr', []], // not the user's to say
  ['prefix=~/../elsewhere', []],
  ['prefix=~', []],
])('the prefix in .npmrc: %j', (text, prefixes) => {
  rmSync(home, { recursive: true });
  lay('tools/npm/lib/node_modules/pm2');
  writeFileSync(join(home, '.npmrc'), text);
  expect(pm2PackagesBelow(home)).toEqual(prefixes.map((prefix) => join(home, prefix, 'lib/node_modules/pm2')));
});

it("what is there under two names is there once: mise's latest, pnpm's store", () => {
  rmSync(home, { recursive: true });
  lay('.local/share/mise/installs/node/22.23.3/lib/node_modules/pm2');
  symlinkSync('22.23.3', join(home, '.local/share/mise/installs/node/latest'));
  lay('.local/share/pnpm/global/5/.pnpm/pm2@7.0.4/node_modules/pm2');
  mkdirSync(join(home, '.local/share/pnpm/global/5/node_modules'));
  symlinkSync('../.pnpm/pm2@7.0.4/node_modules/pm2', join(home, '.local/share/pnpm/global/5/node_modules/pm2'));
  expect(pm2PackagesBelow(home)).toEqual(
    [
      '.local/share/mise/installs/node/22.23.3/lib/node_modules/pm2',
      '.local/share/pnpm/global/5/.pnpm/pm2@7.0.4/node_modules/pm2',
    ].map((path) => join(home, path)),
  );
});

it("the host's: where PATH and a node lead", () => {
  rmSync(home, { recursive: true });
  lay('one/lib/node_modules/pm2');
  lay('two/lib/node_modules/pm2');
  mkdirSync(join(home, 'two/bin'));
  mkdirSync(join(home, 'bin'));
  symlinkSync('../one/lib/node_modules/pm2/bin/pm2', join(home, 'bin/pm2'));
  symlinkSync('/dev/null', join(home, 'one/lib/node_modules/pm2/bin/other'));
  const found = () =>
    globalPm2Packages(`relative:${home}/bin`, [join(home, 'two/bin/node')]).filter((path) => path.startsWith(home));
  expect(found()).toEqual([join(home, 'two/lib/node_modules/pm2')]); // the link of PATH leads nowhere yet
  rmSync(join(home, 'bin/pm2'));
  mkdirSync(join(home, 'one/lib/node_modules/pm2/bin/pm2'));
  symlinkSync('../one/lib/node_modules/pm2/bin/pm2', join(home, 'bin/pm2'));
  expect(found()).toEqual([join(home, 'one/lib/node_modules/pm2'), join(home, 'two/lib/node_modules/pm2')]);
});
