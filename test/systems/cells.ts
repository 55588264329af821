import type { HostOptions } from '../host/host.ts';
import type { System } from '../host/systems.mjs';
import type { Tried } from './table.ts';

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

/** What is known not to hold yet: the table says NO, and a test fails as soon as it holds. */
export function pending(cell: Cell, what: Tried): boolean {
  return notYet(cell).includes(what);
}

/** verify does not know the words with which sudo-rs 0.2.5 refuses a user. */
function notYet({ system, sudo }: Cell): readonly Tried[] {
  return system === 'trixie' && sudo !== 'classic' ? ['ways in'] : [];
}

export function cellsOf(system: System): Cell[] {
  return rows[system].map(([node, sudo, pm2, prefix, umask]) => ({
    system,
    node,
    sudo,
    pm2,
    prefix,
    ...(umask === undefined ? {} : { umask }),
  }));
}
