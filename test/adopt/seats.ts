import type { Move } from '../../src/adopt/move.ts';
import type { Seat } from '../../src/adopt/seat.ts';
import { asGid, asPm2Home, asUid } from '../../src/runtime/brands.ts';

/** The seat of a user's own daemon, of a user who has no account here. */
export function seatOf(user: string, uid: number): Seat {
  return {
    label: user,
    user,
    uid: asUid(uid),
    gid: asGid(uid),
    homeDirectory: `/home/${user}`,
    shell: '/bin/sh',
    pm2Home: asPm2Home(`/home/${user}/.pm2`),
  };
}

/** A move between two seats that neither ends a daemon nor changes a saved list. */
export function moveOf(apps: Move['apps'], from: Seat, to: Seat): Move {
  return {
    apps,
    from: { ...from, state: 'live', pid: null, started: null, keeper: from },
    to,
    ends: false,
    overlap: false,
    launcher: { node: '/usr/bin/node', pm2: null },
    forget: [],
    saved: { from: null, to: null },
    list: null,
  };
}
