// `npm run deb [-- DIRECTORY]`: builds pm2-guard_VERSION-1_all.deb, by default in the current directory.
// The package holds only what its postinst installs from (ARCHITECTURE.md).
// The same sources and date give the same bytes. The date is SOURCE_DATE_EPOCH, or the changelog's.
// DEBFULLNAME and DEBEMAIL name the maintainer, as for all of Debian's tools.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { control, copyright, debianChangelog, debianVersion } from './deb-texts.mjs';
import { checkout, description, releaseDate, version } from './release.mjs';

const target = resolve(process.argv[2] ?? '.', `pm2-guard_${debianVersion(version)}_all.deb`);
process.chdir(checkout);
const { packages } = await import('../build.mjs');
const date = releaseDate();
const { DEBFULLNAME: name = 'the pm2-guard authors', DEBEMAIL: email = 'pm2-guard@localhost' } = process.env;
const about = { version, date, description, maintainer: `${name} <${email}>`, packages };

const root = mkdtempSync(join(tmpdir(), 'pm2-guard-deb-'));
try {
  files();
  metadata();
  settle(root);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', root, target], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(Math.floor(date.getTime() / 1000)) },
  });
} finally {
  rmSync(root, { recursive: true });
}
console.log(target);

/** The files of npm's package below /usr/lib/pm2-guard, and the documentation where Debian has it. */
function files() {
  const library = 'usr/lib/pm2-guard';
  const bundles = readdirSync('dist').filter((one) => /\.(cjs|wasm)$/.test(one));
  for (const bundle of bundles) copy(`dist/${bundle}`, `${library}/dist/${bundle}`);
  for (const one of readdirSync('dist/share')) copy(`dist/share/${one}`, `${library}/dist/share/${one}`);
  const shims = readdirSync('shims').filter((one) => !one.startsWith('.'));
  for (const shim of shims) copy(`shims/${shim}`, `${library}/shims/${shim}`, 0o755);
  write(`${library}/package.json`, `${JSON.stringify({ name: 'pm2-guard', version, type: 'commonjs' })}\n`);
  link('usr/share/bash-completion/completions/pm2-guard', `../../../lib/pm2-guard/dist/share/pm2-guard.bash`);
  link('usr/share/zsh/vendor-completions/_pm2-guard', `../../../lib/pm2-guard/dist/share/_pm2-guard`);
  link('usr/share/fish/vendor_completions.d/pm2-guard.fish', `../../../lib/pm2-guard/dist/share/pm2-guard.fish`);
  compressed('usr/share/man/man8/pm2-guard.8.gz', readFileSync('dist/share/pm2-guard.8'));
  const doc = 'usr/share/doc/pm2-guard';
  compressed(`${doc}/changelog.gz`, readFileSync('CHANGELOG.md'));
  compressed(`${doc}/changelog.Debian.gz`, debianChangelog(about));
  compressed(`${doc}/README.md.gz`, readFileSync('README.md'));
  write(`${doc}/copyright`, copyright(about, readFileSync('LICENSE', 'utf8')));
  copy('packaging/debian/lintian-overrides', 'usr/share/lintian/overrides/pm2-guard');
}

function metadata() {
  for (const script of ['postinst', 'prerm', 'postrm']) copy(`packaging/debian/${script}`, `DEBIAN/${script}`, 0o755);
  copy('packaging/debian/triggers', 'DEBIAN/triggers');
  const installed = readdirSync(join(root, 'usr'), { recursive: true, encoding: 'utf8' })
    .map((one) => join('usr', one))
    .sort();
  const regular = installed.filter((one) => lstatSync(join(root, one)).isFile());
  write('DEBIAN/md5sums', regular.map((one) => `${md5(join(root, one))}  ${one}\n`).join(''));
  const size = installed.reduce((sum, one) => sum + Math.max(1, Math.ceil(lstatSync(join(root, one)).size / 1024)), 0);
  write('DEBIAN/control', control(about, size));
}

function md5(file) {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}

/** One mode and one time for all files, with any umask and clock. */
function settle(path) {
  const stat = lstatSync(path);
  if (stat.isDirectory()) {
    for (const one of readdirSync(path)) settle(join(path, one));
    chmodSync(path, 0o755);
  }
  lutimesSync(path, date, date);
}

function write(path, content, mode = 0o644) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  chmodSync(join(root, path), mode);
}

function copy(source, path, mode = 0o644) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  cpSync(source, join(root, path));
  chmodSync(join(root, path), mode);
}

function link(path, to) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(to, join(root, path));
}

/** As `gzip -9n`: neither name nor time. */
function compressed(path, content) {
  write(path, gzipSync(content, { level: 9 }));
}
