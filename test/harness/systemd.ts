import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { filesOf } from './files.ts';
import { Host, repository, rootPath, type HostOptions, type RunOptions } from './host.ts';
import type { Result } from './running.ts';
import { makeSystems } from './systems.mjs';

export interface SystemdOptions extends HostOptions {
  /** How long systemd waits for a unit that does not start or stop (Debian: 90 s). Default: 15s and 10s. */
  startTimeout?: string;
  stopTimeout?: string;
}

/** What `systemctl show` says of a unit, by property. */
export type UnitProperties = Record<string, string>;

/** A host with a real systemd as its first process: see `systemdHost`. */
export class SystemdHost extends Host {
  /** Lines of keeper.sh that were not waited for yet, and those who wait. */
  readonly #said: string[] = [];
  #hear: (() => void) | null = null;
  #complaint = '';
  #ended = false;

  constructor(keeper: ChildProcess, options: SystemdOptions) {
    super(0, keeper, options);
    keeper.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-8000);
    });
    keeper.once('exit', () => {
      this.#ended = true;
      this.#hear?.();
    });
    if (keeper.stdout !== null)
      createInterface(keeper.stdout).on('line', (line) => {
        this.#said.push(line);
        this.#hear?.();
      });
  }

  /** `systemctl reboot`, as root types it. All files but /run and /tmp stay. Resolves when the host is up again. */
  async reboot(): Promise<void> {
    this.#request('reboot');
    await this.up();
  }

  /** `systemctl poweroff`; every process is gone when this resolves. */
  async powerOff(): Promise<void> {
    this.#request('poweroff');
    await this.#next('off');
  }

  /** The plug is pulled: no process is told to stop. */
  async loseSupply(): Promise<void> {
    process.kill(this.init, 'SIGKILL');
    await this.#next('off');
  }

  /** Switches a host on that is off. Resolves when it is up. */
  async powerOn(): Promise<void> {
    this.keeper.stdin?.write('on\n');
    await this.up();
  }

  /** A power failure: off without a warning, and on again. */
  async powerFailure(): Promise<void> {
    await this.loseSupply();
    await this.powerOn();
  }

  /** Runs a command line as a login by ssh: sshd, PAM and logind give it a session and a scope. Fresh environment. */
  session(user: string, commandLine: string, options: Pick<RunOptions, 'input' | 'timeoutMs'> = {}): Promise<Result> {
    return this.exec(
      [
        'ssh',
        '-q',
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
        '-i',
        '/etc/ssh/tests_key',
        `${user}@127.0.0.1`,
        '--',
        commandLine,
      ],
      options,
    );
  }

  /** What `systemctl show` says of a unit: ActiveState, SubState, MainPID, Result, NRestarts, UnitFileState... */
  async unit(name: string): Promise<UnitProperties> {
    const shown = await this.must(`systemctl show -- '${name}'`);
    return Object.fromEntries(
      shown
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }

  /** The control group of a process, as the host sees it: `/system.slice/pm2-www-data.service`. */
  async cgroup(pid: number): Promise<string> {
    return (await this.read(`/proc/${pid}/cgroup`)).trim().replace(/^.*\n?0::/s, '');
  }

  /** Waits for the end of a boot. @internal */
  async up(): Promise<void> {
    this.first = Number((await this.#next('up')).slice(3));
    const deadline = Date.now() + 60_000;
    for (;;) {
      // `degraded` is up, too: some unit failed, which may be what a test is about.
      const { stdout } = await this.run('systemctl is-system-running --wait 2>/dev/null', {
        cwd: '/',
        timeoutMs: 60_000,
      });
      if (/^(running|degraded)$/m.test(stdout)) return;
      if (Date.now() > deadline || this.#ended)
        throw new Error(`the host did not come up (${stdout.trim()}): ${this.#complaint}`);
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }

  /** Not in the host's cgroup /: there systemd itself would end, or hide, what is started. */
  protected override enter(): string[] {
    return [
      '/usr/bin/nsenter',
      '-t',
      String(this.init),
      '-m',
      '-u',
      '-i',
      '-n',
      '-p',
      '-C',
      '--',
      '/bin/sh',
      '-c',
      'echo 0 > /sys/fs/cgroup/outside/cgroup.procs; exec "$@"',
      'sh',
      ...this.umask(),
    ];
  }

  protected override end(): void {
    this.keeper.stdin?.end();
  }

  /** The host goes down while systemctl still waits for its answer. */
  #request(verb: string): void {
    this.start(['systemctl', verb], { cwd: '/' })
      .result()
      .catch(() => undefined);
  }

  async #next(word: 'up' | 'off'): Promise<string> {
    for (;;) {
      const line = this.#said.shift();
      if (line?.startsWith(word) === true) return line;
      if (line !== undefined) throw new Error(`the host is ${line}, and not ${word}: ${this.#complaint}`);
      if (this.#ended) throw new Error(`the host ended: ${this.#complaint}`);
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => {
          reject(new Error(`the host is not ${word} after 90 s: ${this.#complaint}`));
        }, 90_000);
        this.#hear = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
  }
}

/**
 * A host with a real systemd as pid 1: units, journal, logind, cron, sshd, polkit; in about two seconds. All that
 * `createHost` gives works (`run` is in no unit and no session, as `docker exec`), and beyond it:
 *
 *     const host = await systemdHost({ system: 'trixie' });       // beforeAll; afterAll(() => host.dispose())
 *     await host.must('pm2 startup systemd -u www-data --hp /var/www');
 *     await host.session('deploy', 'sudo pm2 restart myapp');     // a real login: sshd, PAM, session-N.scope
 *     await host.reboot();                                        // also powerFailure(), powerOff(), powerOn()
 *     (await host.unit('pm2-www-data')).ActiveState; await host.cgroup(pid); await host.must('journalctl -b -u ...');
 *
 * One for each file of tests is enough. What waits for `network-online.target` or a console does not run.
 * Ends with `dispose`, and with the test process however that ends. Needs root: use `describeOnHost`.
 */
export async function systemdHost(options: SystemdOptions = {}): Promise<SystemdHost> {
  await makeSystems([options.system ?? 'bookworm']);
  const keeper = spawn(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child=SIGKILL', '/bin/sh', join(repository, 'test/harness/keeper.sh')],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: rootPath,
        ...filesOf(options),
        START_TIMEOUT: options.startTimeout ?? '15s',
        STOP_TIMEOUT: options.stopTimeout ?? '10s',
      },
    },
  );
  const host = new SystemdHost(keeper, options);
  try {
    await host.up();
  } catch (error) {
    await host.dispose();
    throw error;
  }
  keeper.unref();
  return host;
}
