import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, type nodeVersions, type pm2Versions } from './fetch.ts';
import { filesOf } from './files.ts';
import { makeSystems, type System } from './systems.mjs';
import { Running, type Result } from './running.ts';
import { installGuard } from './guard.ts';
import { appsOf, daemonsOf, processesOf, type HostApp, type HostDaemon, type HostProcess } from './sight.ts';

/** Where the checkout is shown, read-only, inside every host. */
export const checkout = '/usr/src/pm2-guard';
export const repository = join(cache, '..');
export const rootPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What /etc/profile of Debian gives to users other than root. */
const userPath = '/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games';

export interface HostOptions {
  /** The real PM2, installed as by `npm install -g`; null: none. Default: 7.0.4. */
  pm2?: (typeof pm2Versions)[number] | null;
  /** A Node major of npm's `node`, or `debian`: the system's own. Default: 22. */
  node?: keyof typeof nodeVersions | `${keyof typeof nodeVersions}` | 'debian';
  /** The Debian that the host is made of. Default: bookworm. */
  system?: System;
  /**
   * npm's global prefix: /usr as NodeSource's packages, /usr/local as Debian's. node itself is always /usr/bin/node.
   */
  prefix?: '/usr' | '/usr/local';
  /**
   * What /usr/bin/sudo is: Debian's classic sudo, sudo-rs by a link of alternatives as on Ubuntu, or sudo-rs as a plain
   * file. Not every system has sudo-rs. Default: classic.
   */
  sudo?: 'classic' | 'sudo-rs' | 'sudo-rs-file';
  /** Of every command that is started: `027`. Default: 022. */
  umask?: string;
  /** Users beyond deploy (may sudo anything), ops and alice. */
  users?: string[];
}

export interface RunOptions {
  /** Default: root. The user gets the environment of a fresh login: HOME, USER, LOGNAME, SHELL, PATH, LANG, PWD. */
  user?: string;
  /** A real login shell (`su -l`): the user's own, which reads /etc/profile and ~/.profile. */
  login?: boolean;
  /** Added to the fresh environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  /** Default: the user's home directory where it exists, else /. */
  cwd?: string;
  /** Standard input; without it, /dev/null. */
  input?: string | Uint8Array;
  /** Default: 30000. */
  timeoutMs?: number;
}

export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/** What `find` says of one file; `type` is f, d, l, s (socket) or p, `mode` octal without the type, such as `644`. */
export interface FileEntry {
  path: string;
  type: string;
  mode: string;
  owner: string;
  group: string;
  /** Target of a symlink, else empty. */
  link: string;
}

/**
 * A throwaway Debian host: a system of systems.mjs under overlays, in namespaces of its own, with real users, the real
 * sudo and a real PM2. Nothing of the machine is seen in it but the checkout. Nothing that happens in it changes
 * anything outside, and every process in it ends with it.
 */
export class Host {
  #disposed = false;

  /** @param first the first process, by its pid outside */
  constructor(
    protected first: number,
    protected readonly keeper: ChildProcess,
    readonly options: HostOptions,
  ) {}

  /** The first process, by its pid outside. */
  get init(): number {
    return this.first;
  }

  protected umask(): string[] {
    return ['/bin/sh', '-c', `umask ${this.options.umask ?? '022'}; exec "$@"`, 'sh'];
  }

  /** The words that put a command into the host. By absolute paths: the PATH of the call is the test's business. */
  protected enter(): string[] {
    return ['/usr/bin/nsenter', '-t', String(this.init), '-m', '-u', '-i', '-p', '-n', '--', ...this.umask()];
  }

  /** Path of the installed real pm2's package. */
  get pm2Package(): string {
    return `${this.options.prefix ?? '/usr'}/lib/node_modules/pm2`;
  }

  account(name: string): Account {
    const line = readFileSync(`/proc/${this.init}/root/etc/passwd`, 'utf8')
      .split('\n')
      .find((entry) => entry.startsWith(`${name}:`));
    if (line === undefined) throw new Error(`no user ${name} on this host`);
    const [, , uid, gid, , home = '/', shell = '/bin/sh'] = line.split(':');
    return { name, uid: Number(uid), gid: Number(gid), home, shell };
  }

  /** Runs a command line with `/bin/sh -c`. */
  run(commandLine: string, options: RunOptions = {}): Promise<Result> {
    return this.start(['/bin/sh', '-c', commandLine], options).result();
  }

  /** Runs a program without a shell. */
  exec(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
    return this.start(argv, options).result();
  }

  /** As `run`, but throws unless it exits 0: for what a test only prepares. Returns stdout. */
  async must(commandLine: string, options: RunOptions = {}): Promise<string> {
    const result = await this.run(commandLine, options);
    if (result.status !== 0)
      throw new Error(
        `${commandLine}: exit ${result.status ?? result.signal ?? '?'}\n${result.stdout}${result.stderr}`,
      );
    return result.stdout;
  }

  /**
   * Runs a command line under a real pseudo-terminal of 120x40 (script(1)); all output is in `stdout`. `Running.type`
   * types into it.
   */
  tty(commandLine: string, options: RunOptions = {}): Running {
    const { shell } = this.account(options.user ?? 'root');
    // script runs its command by $SHELL, which is nologin for www-data; the command itself sees the user's own.
    const quoted = `'${commandLine.replaceAll("'", "'\\''")}'`;
    const line = `stty cols 120 rows 40; SHELL=${shell}; export SHELL; exec /bin/sh -c ${quoted}`;
    return this.start(
      ['script', '-qec', line, '/dev/null'],
      { ...options, input: '', env: { TERM: 'xterm-256color', ...options.env, SHELL: '/bin/sh' } },
      true,
    );
  }

  /** Starts a program and hands back the running process: to be signalled, typed into, or waited for. */
  start(argv: readonly string[], options: RunOptions = {}, keepInput = false): Running {
    if (this.#disposed) throw new Error('this host is gone');
    const account = this.account(options.user ?? 'root');
    const cwd = options.cwd ?? account.home;
    const env: Record<string, string | undefined> = {
      HOME: account.home,
      USER: account.name,
      LOGNAME: account.name,
      SHELL: account.shell,
      LANG: 'C.UTF-8',
      PWD: cwd,
      PATH: account.uid === 0 ? rootPath : userPath,
      ...options.env,
    };
    const command =
      options.login === true
        ? [
            'su',
            '-l',
            account.name,
            '-c',
            argv[0] === '/bin/sh' && argv[1] === '-c'
              ? (argv[2] ?? '')
              : argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' '),
          ]
        : account.uid === 0
          ? argv
          : ['setpriv', '--reuid', account.name, '--regid', String(account.gid), '--init-groups', '--', ...argv];
    const [nsenter = '', ...words] = this.enter();
    const child = spawn(nsenter, [...words, '/usr/bin/env', `--chdir=${cwd}`, ...absolute(command)], {
      env: env,
      detached: true,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    return new Running(child, options.input, keepInput, options.timeoutMs ?? 30_000, argv.join(' '));
  }

  /** A login shell for a person, on this terminal. Returns its exit status. */
  shell(): number {
    const [nsenter = '', ...words] = this.enter();
    const env = { PATH: rootPath, TERM: process.env['TERM'] ?? 'dumb' };
    return spawnSync(nsenter, [...words, '/bin/su', '-l', 'root'], { stdio: 'inherit', env }).status ?? 1;
  }

  async read(path: string): Promise<string> {
    const { status, stdout, stderr } = await this.exec(['cat', '--', path], { cwd: '/' });
    if (status !== 0) throw new Error(stderr);
    return stdout;
  }

  /** Writes a file and the directories above it; as root with mode 644 unless told otherwise. */
  async write(path: string, text: string | Uint8Array, { owner = 'root', mode = '644' } = {}): Promise<void> {
    const script = 'mkdir -p -- "$(dirname -- "$1")" && cat > "$1" && chown -- "$2:" "$1" && chmod -- "$3" "$1"';
    const result = await this.exec(['/bin/sh', '-c', script, 'sh', path, owner, mode], { cwd: '/', input: text });
    if (result.status !== 0) throw new Error(result.stderr);
  }

  async exists(path: string): Promise<boolean> {
    return (await this.exec(['test', '-e', path, '-o', '-L', path], { cwd: '/' })).status === 0;
  }

  /** Everything at and below a path, sorted; empty where there is nothing. */
  async tree(path: string): Promise<FileEntry[]> {
    const { stdout } = await this.exec(['find', path, '-printf', '%p\\t%y\\t%m\\t%u\\t%g\\t%l\\0'], { cwd: '/' });
    return stdout
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => {
        const [name = '', type = '', mode = '', owner = '', group = '', link = ''] = entry.split('\t');
        return { path: name, type, mode, owner, group, link };
      })
      .sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Every living process of the host, as its kernel knows it. */
  processes(): HostProcess[] {
    return processesOf(this.init);
  }

  /** Every living PM2 daemon, of all users, found by its listening rpc.sock. */
  daemons(): HostDaemon[] {
    return daemonsOf(this.init);
  }

  /** The apps of the daemon in a PM2_HOME, asked over its own socket; empty where no daemon listens. */
  apps(home: string): Promise<HostApp[]> {
    return appsOf(this.init, home);
  }

  /** Puts the built pm2-guard in place, with a config. */
  installGuard(config: string): Promise<void> {
    return installGuard(this, config);
  }

  /** A systemctl that only writes down what it was told, in /var/log/systemctl: no systemd runs in a host. */
  standInSystemctl(): Promise<void> {
    return this.write('/usr/local/sbin/systemctl', '#!/bin/sh\necho "$*" >> /var/log/systemctl\n', { mode: '755' });
  }

  /** Ends the host: every process in it is killed, every file in it is gone. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    const ended = new Promise((resolve) => this.keeper.once('exit', resolve));
    if (this.keeper.exitCode !== null || this.keeper.signalCode !== null) return;
    this.keeper.ref();
    this.end();
    await ended;
  }

  /** pid_namespaces(7): with its first process go all the others, and they are gone before it is reaped. */
  protected end(): void {
    process.kill(this.init, 'SIGKILL');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

function absolute(argv: readonly string[]): readonly string[] {
  const [program = '', ...rest] = argv;
  const known: Record<string, string> = { su: '/usr/bin/su', setpriv: '/usr/bin/setpriv' };
  return [known[program] ?? program, ...rest];
}

/**
 * A new host, in about a fifth of a second. It ends with `dispose`, and with the test process however that ends.
 * Needs root and unshare(1): use `describeOnHost`.
 */
export async function createHost(options: HostOptions = {}): Promise<Host> {
  await makeSystems([options.system ?? 'bookworm']);
  const keeper = spawn(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child=SIGKILL',
      '--ipc',
      '--uts',
      '--net',
      '/bin/sh',
      join(repository, 'test/harness/boot.sh'),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: rootPath, ...filesOf(options) } },
  );
  const init = await new Promise<number>((resolve, reject) => {
    let said = '',
      complaint = '';
    keeper.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    keeper.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('\n')) resolve(Number(said));
    });
    keeper.once('exit', () => {
      reject(new Error(`the throwaway host did not start: ${complaint}`));
    });
  });
  // The host must not keep the test process alive, nor outlive it: its init waits on this pipe.
  keeper.stdout.destroy();
  keeper.stderr.destroy();
  keeper.unref();
  return new Host(init, keeper, options);
}
