import type { Host } from '../harness/host.ts';

/**
 * Everything in /etc, /usr/local and /var, a line each: path, type, mode, owner, group, link target, and for what could
 * be ours the digest of its content. `times`: with the time of the last change, to the nanosecond.
 */
export async function snapshot(host: Host, { times = false } = {}): Promise<string[]> {
  const found = await host.must(`find /etc /usr/local /var -printf '%p %y %m %U:%G %l${times ? ' %T@' : ''}\\n'`, {
    cwd: '/',
  });
  const digests = await host.must(
    'find /etc /usr/local /var/lib/pm2-guard /var/cache/pm2-guard -type f -exec sha256sum {} + 2>/dev/null || :',
    { cwd: '/' },
  );
  return `${found}${digests}`.split('\n').sort();
}

/** What one has and the other has not. */
export function difference(before: readonly string[], after: readonly string[]): { gone: string[]; new: string[] } {
  const [had, has] = [new Set(before), new Set(after)];
  return { gone: before.filter((line) => !has.has(line)), new: after.filter((line) => !had.has(line)) };
}
