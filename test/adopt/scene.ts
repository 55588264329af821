import { expect } from 'vitest';
import type { Host, RunOptions } from '../harness/host.ts';
import type { pm2Versions } from '../harness/fetch.ts';
import type { Result } from '../harness/running.ts';

export const ROOT = '/root/.pm2';

/**
 * The real pm2 of a major: the host shows all that the tests have fetched. The guard comes before /usr/bin in PATH, so
 * traps are set by path.
 */
export function pm2Of(version: (typeof pm2Versions)[number]): string {
  return `/usr/src/pm2-guard/.cache/pm2/${version}/lib/node_modules/pm2/bin/pm2`;
}

/** A host as new: no process, no home of PM2's, no app but the one that every host has. */
export async function reset(host: Host): Promise<void> {
  await host.must(`kill -9 -1; rm -rf /root/.pm2 /home/*/.pm2 /home/ops/.agent /etc/.pm2 /var/lib/pm2-guard/adopt /srv/*
    rm -rf /etc/systemd/system/pm2-* /etc/systemd/system/*.wants/pm2-*
    find /var/www/.pm2 -mindepth 1 -delete; install -d -o www-data -g www-data -m 755 /var/www/.pm2`);
}

export function adopt(host: Host, words: string, options: RunOptions = {}): Promise<Result> {
  return host.run(`pm2-guard adopt ${words}`, { timeoutMs: 120_000, ...options });
}

/** The options that agree to the plans for these words: for those by another user's word. */
export async function acceptance(host: Host, words: string): Promise<string> {
  const { stdout } = await adopt(host, `--dry-run --json ${words}`);
  const { moves } = JSON.parse(stdout) as { moves: { accept: string | null }[] };
  return moves.flatMap(({ accept }) => (accept === null ? [] : ['--accept', accept])).join(' ');
}

/** Adopts, and shows what was said where that did not bring all home. */
export async function adopted(host: Host, words: string): Promise<string> {
  const { status, stdout, stderr } = await adopt(host, `--yes ${await acceptance(host, words)} ${words}`);
  expect(`${stdout}${stderr}exit ${status ?? 'none'}`).toMatch(/exit 0$/);
  return stdout;
}

/** Names in a saved list, sorted; null: there is none. */
export async function savedIn(host: Host, home: string): Promise<string[] | null> {
  if (!(await host.exists(`${home}/dump.pm2`))) return null;
  return (JSON.parse(await host.read(`${home}/dump.pm2`)) as { name: string }[]).map(({ name }) => name).sort();
}

/** `name uid status` of each process of a home, sorted. */
export async function running(host: Host, home: string): Promise<string[]> {
  return (await host.apps(home)).map(({ name, uid, status }) => `${name} ${uid ?? '-'} ${status}`).sort();
}
