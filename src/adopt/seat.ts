import type { Gid, Uid, Pm2Home } from '../runtime/brands.ts';

/** The user and the PM2_HOME of a daemon. */
export interface Seat {
  /** Its name in the config, else for example `root in /root/.pm2`. */
  label: string;
  user: string;
  uid: Uid;
  gid: Gid;
  homeDirectory: string;
  shell: string;
  pm2Home: Pm2Home;
}

export function sameSeat(one: Seat, other: Seat): boolean {
  return one.pm2Home === other.pm2Home && one.uid === other.uid;
}
