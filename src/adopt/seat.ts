/** Where a daemon lives: a user and a home. */
export interface Seat {
  /** Its name in the config, or what it is called where it has none: `root in /root/.pm2`. */
  label: string;
  user: string;
  uid: number;
  gid: number;
  userHome: string;
  shell: string;
  /** PM2_HOME. */
  home: string;
}

export function sameSeat(one: Seat, other: Seat): boolean {
  return one.home === other.home && one.uid === other.uid;
}
