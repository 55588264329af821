import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Daemon } from '../policy/policy.ts';

/** What PM2 checks each app by before it starts it (lib/Common.js, PM2 5.4 to 7.0). */
interface Common {
  verifyConfs?: (apps: unknown, ...others: unknown[]) => unknown;
}

/**
 * Hides from a PM2 that is loaded in this process that its apps are to run as this very user: it refuses `user`, `uid`
 * and `gid` to all but root, and the user is right already. What names another user stays, and PM2 refuses it.
 *
 * @param file PM2's bin/pm2, without links
 */
export function dropRunAs(file: string, owner: Pick<Daemon, 'user' | 'uid' | 'gid' | 'group'>): void {
  const module = createRequire(file).cache[join(dirname(file), '../lib/Common.js')];
  const common = module?.exports as Common | undefined;
  const verify = common?.verifyConfs;
  if (!common || !verify) return;
  common.verifyConfs = (apps, ...others) => {
    for (const app of Array.isArray(apps) ? (apps as unknown[]) : [apps]) forget(app, owner);
    return verify.call(common, apps, ...others);
  };
}

function forget(app: unknown, { user, uid, gid, group }: Pick<Daemon, 'user' | 'uid' | 'gid' | 'group'>): void {
  if (typeof app !== 'object' || app === null) return;
  const fields = app as Record<string, unknown>;
  const isOne = (value: unknown, names: unknown[]) => value === undefined || names.includes(value);
  const right =
    isOne(fields.user, [user, uid, String(uid)]) &&
    isOne(fields.uid, [user, uid, String(uid)]) &&
    isOne(fields.gid, [group, gid, String(gid)]);
  if (right) for (const key of ['user', 'uid', 'gid']) Reflect.deleteProperty(fields, key);
}
