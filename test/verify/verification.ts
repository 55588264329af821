import type { Host, RunOptions } from '../harness/host.ts';
import type { VerifyFinding } from '../../src/verify/finding.ts';

export interface Verified {
  status: number | null;
  result: string;
  conclusion: string;
  ways: VerifyFinding[];
  left: string[];
  remarks: string[];
  stderr: string;
}

/** `pm2-guard verify --json` on a host. */
export async function verified(host: Host, options = '', by: RunOptions = {}): Promise<Verified> {
  const { stdout, stderr, status } = await host.run(`pm2-guard verify --json ${options}`, { timeoutMs: 90_000, ...by });
  return { ...(JSON.parse(stdout) as Omit<Verified, 'status' | 'stderr'>), status, stderr };
}

/** One way of one user; throws where it was not gone. */
export function wayOf({ ways }: Verified, way: string, user: string): VerifyFinding {
  const found = ways.find((one) => one.way === way && one.user === user);
  if (!found)
    throw new Error(
      `no way ${way} of ${user}; there are:\n${ways.map((one) => `${one.way} (${one.user})`).join('\n')}`,
    );
  return found;
}
