import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mayExecute } from '../runtime/peek.ts';

/** How to start a daemon: the real pm2, as the right user, in the right PM2_HOME. */
export interface Launch {
  node: string;
  pm2: string;
  homeDirectory: string;
}

export type Launched = { type: 'launched' } | { type: 'failed'; why: string };

const LAUNCH_MS = 30_000;

/**
 * Starts the daemon of PM2_HOME with `pm2 ping`, which does nothing else. It gets this process's environment, that of
 * a fresh login. The daemon detaches itself (lib/Client.js launchDaemon), so it outlives this process.
 */
export function launch({ node, pm2, homeDirectory }: Launch): Promise<Launched> {
  return new Promise((settle) => {
    const env = { ...process.env, PATH: pathThatFinds(node, process.env.PATH ?? '') };
    const child: ChildProcess = spawn(node, [pm2, 'ping'], {
      cwd: mayExecute(homeDirectory) ? homeDirectory : '/',
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString()).slice(-4000);
      });
    const timer = setTimeout(() => {
      end({ type: 'failed', why: `it was not up after ${LAUNCH_MS / 1000} s` });
    }, LAUNCH_MS);
    const end = (launched: Launched) => {
      clearTimeout(timer);
      child.stdout?.destroy(); // the daemon must not keep these pipes open
      child.stderr?.destroy();
      settle(launched);
    };
    child.on('error', (error) => {
      end({ type: 'failed', why: error.message });
    });
    child.on('exit', (status) => {
      end(status === 0 ? { type: 'launched' } : { type: 'failed', why: reasonIn(said) });
    });
  });
}

/** PM2 5 starts the first `node` in PATH (lib/Client.js launchDaemon). */
function pathThatFinds(node: string, path: string): string {
  const first = path
    .split(':')
    .map((directory) => join(directory, 'node'))
    .find((file) => existsSync(file));
  return first !== undefined && realpathSync(first) === realpathSync(node) ? path : `${dirname(node)}:${path}`;
}

function reasonIn(output: string): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.find((line) => /EACCES|ENOENT|Error|denied/.test(line)) ?? lines.at(-1) ?? 'pm2 said nothing';
}
