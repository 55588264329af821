import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Major } from '../../src/pm2/invocation.ts';
import { askDaemon, listApps } from '../../src/pm2/rpc.ts';

/** The PM2s that test/harness/fetch lays down. */
export const versions: [version: string, major: Major][] = [
  ['5.4.3', 5],
  ['6.0.14', 6],
  ['7.0.4', 7],
];

export const packageOf = (version: string) => resolve('.cache/pm2', version, 'lib/node_modules/pm2');
export const binOf = (version: string) => join(packageOf(version), 'bin/pm2');

/** A real PM2 with a private home. Nothing runs until the first call. */
export class RealPm2 {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'pm2-')));
  readonly home = join(this.root, '.pm2');
  readonly socket = join(this.home, 'rpc.sock');

  constructor(readonly version: string) {
    chmodSync(this.root, 0o755); // a test may look from another user's side
    mkdirSync(this.home);
    writeFileSync(join(this.home, 'touch'), ''); // without it the first call asks a server on the net for news
  }

  /** Writes a file below the root; its path. */
  file(name: string, text: string): string {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  run(
    args: string[],
    { cwd = this.root, env = {}, input = '' }: { cwd?: string; env?: Record<string, string>; input?: string } = {},
  ) {
    return spawnSync(process.execPath, [binOf(this.version), ...args], {
      cwd,
      input,
      encoding: 'utf8',
      env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: this.root, PM2_HOME: this.home, ...env },
    });
  }

  /** What `pm2 jlist` says. */
  list(): { name: string; pid: number; pm_id: number; pm2_env: Record<string, unknown> }[] {
    const { stdout } = this.run(['jlist']);
    return JSON.parse(stdout.slice(stdout.lastIndexOf('\n[') + 1)) as ReturnType<RealPm2['list']>;
  }

  /** Deletes all apps, without the price of a command. */
  async clear(): Promise<void> {
    const answer = await listApps(this.socket, { timeoutMs: 5000 });
    if (answer.type !== 'answered') throw new Error(`the daemon is ${answer.type}`);
    for (const app of answer.apps) await askDaemon(this.socket, 'deleteProcessId', app.pmId, { timeoutMs: 5000 });
  }

  stop(): void {
    this.run(['kill']);
    rmSync(this.root, { recursive: true, force: true });
  }
}
