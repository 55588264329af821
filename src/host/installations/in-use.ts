import { dirname, isAbsolute, join } from 'node:path';
import { accountByName } from '../../identity/accounts.ts';
import { findRealPm2 } from '../../pm2/installed.ts';
import type { Uid } from '../../runtime/brands.ts';
import { cronLines } from '../boot/crontabs.ts';
import { pm2Units, pm2UserUnits } from '../boot/units.ts';
import { survey } from '../survey.ts';

/** A pm2 that runs, or that is started without being typed. */
export interface UsedPm2 {
  /** Physical path of bin/pm2. */
  file: string;
  /** The user that it runs as. */
  uid: Uid;
  /** Root says so: its own daemon, a system unit, a system crontab. Else that user says so. */
  byRoot: boolean;
}

/** What living daemons, units and crontabs run. A file is named once for each user. Starts no process. */
export async function pm2InUse(): Promise<UsedPm2[]> {
  const daemons = (await survey()).flatMap(({ live, pm2 }) =>
    live?.uid == null || pm2 == null ? [] : [{ path: pm2, uid: live.uid, byRoot: live.uid === 0 }],
  );
  const units = [...pm2Units(), ...pm2UserUnits()].flatMap(({ program, account, manager }) =>
    program === null || account === null ? [] : [{ path: program, uid: account.uid, byRoot: manager === null }],
  );
  const jobs = cronLines().flatMap(({ command, path, user, file }) => {
    const uid = accountByName(user)?.uid;
    return uid === undefined
      ? []
      : startedBy(command, path).map((named) => ({ path: named, uid, byRoot: uid === 0 || file.startsWith('/etc/') }));
  });
  const found = [...daemons, ...units, ...jobs].flatMap(({ path, uid, byRoot }) => {
    const pm2 = findRealPm2({ recorded: path, path: undefined, skip: [], asRoot: false });
    return pm2.type === 'found' ? [{ file: pm2.file, uid, byRoot }] : [];
  });
  return [...new Map(found.map((one) => [`${one.uid} ${one.byRoot} ${one.file}`, one])).values()];
}

/** Packages as `seal` names them: physical directories. */
export function packageOfPm2(file: string): string {
  return dirname(dirname(file));
}

/** The files that a cron job's command calls pm2 by, or that its PATH has. */
function startedBy(command: string, path: string): string[] {
  const named = [...command.matchAll(/(?<=^|[\s"'`(;&|=])(\/[^\s"'`;&|)]*\/pm2)(?=$|[\s"'`;&|)])/g)];
  return [
    ...named.map(([file]) => file),
    ...path
      .split(':')
      .filter((directory) => isAbsolute(directory))
      .map((directory) => join(directory, 'pm2')),
  ];
}
