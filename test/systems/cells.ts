import type { HostOptions } from '../harness/host.ts';
import type { System } from '../harness/systems.mjs';

/** One host of the matrix. */
export type Cell = Required<Pick<HostOptions, 'system' | 'sudo' | 'prefix'>> & {
  node: NonNullable<HostOptions['node']>;
  pm2: NonNullable<HostOptions['pm2']>;
  umask?: string;
};

type Row = [Cell['node'], Cell['sudo'], Cell['pm2'], Cell['prefix'], string?];

/** Each value of each column at least once on each system that has it; each pair that has broken something, too. */
const rows: Record<System, Row[]> = {
  bookworm: [
    ['debian', 'classic', '7.0.4', '/usr'],
    ['20', 'classic', '6.0.14', '/usr/local'],
    ['24', 'classic', '5.4.3', '/usr', '027'],
  ],
  trixie: [
    ['debian', 'classic', '7.0.4', '/usr/local'],
    ['debian', 'sudo-rs', '7.0.4', '/usr'],
    ['22', 'sudo-rs-file', '7.0.4', '/usr/local'],
    ['18', 'classic', '6.0.14', '/usr'],
  ],
  sid: [
    ['debian', 'classic', '7.0.4', '/usr'],
    ['debian', 'sudo-rs', '7.0.4', '/usr/local'],
    ['26', 'sudo-rs', '6.0.14', '/usr'],
    ['20', 'sudo-rs-file', '5.4.3', '/usr/local'],
  ],
};

/** All rows, or those that each run of the tests tries: two minutes a row are too much for all of them every time. */
export const ALL = process.env['PM2_GUARD_SYSTEMS'] === 'all';
const EACH_TIME: Record<System, number[]> = { bookworm: [0], trixie: [0, 1], sid: [1] };

export function cellsOf(system: System): Cell[] {
  return rows[system]
    .filter((_, index) => ALL || EACH_TIME[system].includes(index))
    .map(([node, sudo, pm2, prefix, umask]) => ({
      system,
      node,
      sudo,
      pm2,
      prefix,
      ...(umask === undefined ? {} : { umask }),
    }));
}
