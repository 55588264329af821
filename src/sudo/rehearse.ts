import { asPosix } from '../runtime/brands.ts';
import { caseOf } from './case.ts';

/** Parses common calls without running them, so that src/bin/warm.ts caches V8's compiled code. */
export async function rehearseSudo(): Promise<void> {
  const uid = asPosix(process).geteuid();
  for (const line of [
    'pm2 restart app',
    '-u www-data PM2_HOME=/var/www/.pm2 pm2 jlist',
    '-iu www-data pm2 reload all --update-env',
  ]) {
    await caseOf(line.split(' '), process.env, uid);
  }
}
