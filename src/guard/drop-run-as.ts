import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Daemon } from '../policy/policy.ts';

/** PM2's check of each app before a start (lib/Common.js, PM2 5.4 to 7.0). */
interface Common {
  verifyConfs?: (apps: unknown, ...others: unknown[]) => unknown;
}

/** PM2 refuses `user`, `uid` and `gid` to all but root, so those of the owner are removed. `file`: real bin/pm2. */
export function dropRunAs(file: string, owner: Pick<Daemon, 'user' | 'uid' | 'gid' | 'group'>): void {
  const module = createRequire(file).cache[join(dirname(file), '../lib/Common.js')];
  const common = module?.exports as Common | undefined;
  const verify = common?.verifyConfs;
  if (!common || !verify) return;
  common.verifyConfs = (apps, ...others) => {
    for (const app of Array.isArray(apps) ? (apps as unknown[]) : [apps]) removeRunAs(app, owner);
    return verify.call(common, apps, ...others);
  };
}

function removeRunAs(app: unknown, { user, uid, gid, group }: Pick<Daemon, 'user' | 'uid' | 'gid' | 'group'>): void {
  if (typeof app !== 'object' || app === null) return;
  const fields = app as Record<string, unknown>;
  const isOne = (value: unknown, names: unknown[]) => value === undefined || names.includes(value);
  const right =
    isOne(fields.user, [user, uid, String(uid)]) &&
    isOne(fields.uid, [user, uid, String(uid)]) &&
    isOne(fields.gid, [group, gid, String(gid)]);
  if (right) for (const key of ['user', 'uid', 'gid']) Reflect.deleteProperty(fields, key);
}
