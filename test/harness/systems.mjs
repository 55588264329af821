// Debian systems for the throwaway hosts, made by debootstrap in .cache/debian, each once. Plain JavaScript without
// dependencies, so that .ci/run can start it before anything else is there:
//   node test/harness/systems.mjs bookworm trixie sid
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);
const cache = join(checkoutOf(dirname(dirname(dirname(here)))), '.cache/debian');

const server = [
  'sudo',
  'opendoas',
  'cron',
  'at',
  'openssh-server',
  'openssh-client',
  'rsyslog',
  'logrotate',
  'systemd',
  'systemd-sysv',
  'dbus',
  'dbus-user-session',
  'libpam-systemd',
  'polkitd',
  'bash-completion',
  'zsh',
  'fish',
  'busybox',
  'tmux',
  'man-db',
  'python3',
  'curl',
  'procps',
  'less',
  'nodejs',
  'libatomic1',
];
/** What is installed in each, beside Debian's minimal system. The whole suite runs on bookworm. */
const packages = {
  bookworm: [...server, 'authbind', 'groff-base', 'mandoc', 'lintian', 'shellcheck', 'git', 'strace'],
  trixie: [...server, 'npm', 'sudo-rs'],
  sid: [...server, 'npm', 'sudo-rs'],
};
/** To be raised when the way of making them changes. */
const RECIPE = 2;

/** Worktrees of one clone share its systems: a gigabyte each. */
function checkoutOf(directory) {
  try {
    const git = run(
      'git',
      ['-C', directory, 'rev-parse', '--path-format=absolute', '--show-toplevel', '--git-common-dir'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const [top, common] = git.trim().split('\n');
    return top === directory && existsSync(join(dirname(common), 'package.json')) ? dirname(common) : directory;
  } catch {
    return directory; // no git, or no clone
  }
}

export const systems = /** @type {(keyof typeof packages)[]} */ (Object.keys(packages));

/** Where the root directory of a system is, once it is made. */
export function systemRoot(system) {
  const made = createHash('sha256')
    .update(JSON.stringify([RECIPE, process.arch, packages[system]]))
    .digest('hex')
    .slice(0, 8);
  return join(cache, `${system}-${made}`);
}

/** Makes the systems that are missing, side by side. Needs root. Rejects where one cannot be made. */
export async function makeSystems(wanted) {
  const missing = wanted.filter((system) => !existsSync(systemRoot(system)));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw new Error('making a Debian system with debootstrap needs root');
  mkdirSync(cache, { recursive: true });
  // Of two processes that want the same system the second one waits; a lock ends with the process that holds it.
  const locked = (name, script, ...words) =>
    new Promise((resolve, reject) => {
      const child = spawn('flock', [join(cache, `${name}.lock`), process.execPath, here, script, ...words], {
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      child.once('error', reject);
      child.once('exit', (status) => {
        if (status === 0) resolve();
        else reject(new Error(`test/harness: ${name} could not be made`));
      });
    });
  await locked('debootstrap', '--install');
  await Promise.all(missing.map((system) => locked(system, '--make', system)));
}

function run(command, words, options = {}) {
  return execFileSync(command, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    ...options,
  });
}

/** The one thing that is installed on this machine itself. */
function installDebootstrap() {
  if (existsSync('/usr/sbin/debootstrap')) return;
  if (!existsSync('/usr/bin/apt-get'))
    throw new Error('test/harness: debootstrap is missing, and this machine has no apt to install it with');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('apt-get', ['update', '-qq'], { env });
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'debootstrap'], { env });
}

/** The mirror that this machine itself uses; none: debootstrap's own. */
function mirror() {
  if (process.env.DEBIAN_MIRROR) return [process.env.DEBIAN_MIRROR];
  try {
    const listed = run('apt-get', [
      'indextargets',
      '--format',
      '$(REPO_URI) $(ORIGIN)/$(LABEL)',
      'Created-By: Packages',
    ]);
    const [uri] = listed
      .split('\n')
      .filter((line) => line.endsWith(' Debian/Debian'))
      .map((line) => line.split(' ')[0]);
    return uri ? [uri] : [];
  } catch {
    return [];
  }
}

/** How this machine's apt reaches that mirror: proxies, and whether an old mirror is taken. */
function machineSettings() {
  if (!existsSync('/usr/bin/apt-config')) return '';
  return run('apt-config', [
    'dump',
    '--no-empty',
    '--format',
    '%F "%v";%n',
    'Acquire::http::Proxy',
    'Acquire::https::Proxy',
    'Acquire::Check-Valid-Until',
    'Acquire::Check-Date',
  ]);
}

/** The same for debootstrap's wget. */
function withProxy(env) {
  const [, proxy] = /^Acquire::http::Proxy "(.*)";$/m.exec(machineSettings()) ?? [];
  return proxy === undefined ? env : { http_proxy: proxy, https_proxy: proxy, ...env };
}

/** Settings of apt and dpkg while a system is made. What is not read by any test is left out. */
const aptSettings = `APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Keep-Downloaded-Packages "true";
Acquire::Retries "3";
DPkg::Use-Pty "false";
`;
const dpkgSettings = `force-unsafe-io
path-exclude /usr/share/doc/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/info/*
`;

/** Runs in a mount namespace of its own: what is mounted here is gone with this process, however it ends. */
async function make(system) {
  const root = systemRoot(system);
  if (existsSync(root)) return;
  const began = Date.now();
  const say = (text) => {
    console.error(`test/harness: Debian ${system}: ${text} (${Math.round((Date.now() - began) / 1000)} s)`);
  };
  const draft = join(cache, `${system}.draft`),
    debs = join(cache, `${system}.packages`),
    log = join(cache, `${system}.log`);
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  mkdirSync(debs, { recursive: true });
  writeFileSync(log, '');
  const env = withProxy({
    ...process.env,
    DEBIAN_FRONTEND: 'noninteractive',
    LC_ALL: 'C.UTF-8',
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  });
  try {
    // Made in memory: on a busy disk dpkg waits for its fsync(2)s most of the time.
    run('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', draft]);
    say('debootstrap');
    await logged(log, 'debootstrap', ['--variant=minbase', `--cache-dir=${debs}`, system, draft, ...mirror()], env);
    say(`installing ${packages[system].join(' ')}`);
    const own = {
      'etc/apt/apt.conf.d/90tests': aptSettings + machineSettings(),
      'etc/dpkg/dpkg.cfg.d/tests': dpkgSettings,
      'usr/sbin/policy-rc.d': '#!/bin/sh\nexit 101\n',
    };
    for (const [file, text] of Object.entries(own)) writeFileSync(join(draft, file), text, { mode: 0o755 });
    for (const file of ['resolv.conf', 'hosts']) copyFileSync(`/etc/${file}`, join(draft, 'etc', file));
    const authorities = '/etc/ssl/certs/ca-certificates.crt';
    if (existsSync(authorities)) {
      copyFileSync(authorities, join(draft, 'tmp/authorities.crt'));
      appendFileSync(join(draft, 'etc/apt/apt.conf.d/90tests'), 'Acquire::https::CAInfo "/tmp/authorities.crt";\n');
    }
    run('mount', ['--bind', debs, join(draft, 'var/cache/apt/archives')]);
    run('mount', ['-t', 'proc', 'proc', join(draft, 'proc')]);
    await logged(
      log,
      'chroot',
      [draft, 'sh', '-ec', 'apt-get update -q; exec apt-get install -y -q "$@"', 'sh', ...packages[system]],
      env,
      say,
    );
    run('umount', [join(draft, 'proc'), join(draft, 'var/cache/apt/archives')]);
    writeFileSync(join(draft, 'etc/machine-id'), ''); // each host gets its own
    for (const file of [
      ...Object.keys(own),
      'etc/resolv.conf',
      'etc/hosts',
      'tmp/authorities.crt',
      'var/lib/apt/lists',
    ])
      rmSync(join(draft, file), { recursive: true, force: true });
    const copy = `${draft}.copy`;
    rmSync(copy, { recursive: true, force: true });
    run('cp', ['-a', draft, copy]);
    renameSync(copy, root);
    say('made');
  } catch (error) {
    throw new Error(`test/harness: Debian ${system} could not be made: ${error.message}; see ${log}`, { cause: error });
  }
}

/** A long command, its output in the log; with `say`, a line every ten seconds. */
function logged(log, command, words, env, say) {
  const counts = { Unpacking: 0, 'Setting up': 0 };
  const timer =
    say &&
    setInterval(() => {
      say(`${counts.Unpacking} packages unpacked, ${counts['Setting up']} set up`);
    }, 10_000);
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const hear = (text) => {
      appendFileSync(log, text);
      for (const what of Object.keys(counts)) counts[what] += text.split(`\n${what} `).length - 1;
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
    child.once('error', reject);
    child.once('close', (status) => {
      clearInterval(timer);
      if (status === 0) resolve();
      else reject(new Error(`${command} ended with ${status}`));
    });
  });
}

async function main([first, ...rest]) {
  // What a killed run has started ends with it.
  const alone = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child=SIGKILL'];
  if (first === '--install') installDebootstrap();
  else if (first === '--make')
    execFileSync('unshare', [...alone, process.execPath, here, '--made', ...rest], { stdio: 'inherit' });
  else if (first === '--made') await make(rest[0]);
  else await makeSystems(first === undefined ? systems : [first, ...rest]);
}

if (process.argv[1] === here) {
  main(process.argv.slice(2)).catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
