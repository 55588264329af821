import { caseOf } from './case.ts';

/**
 * Understands what is typed most, and does none of it. For src/guard/warm.ts: V8 keeps the compiled form of what has
 * run.
 */
export async function rehearseSudo(): Promise<void> {
  const uid = process.geteuid?.() ?? -1;
  for (const line of [
    'pm2 restart app',
    '-u www-data PM2_HOME=/var/www/.pm2 pm2 jlist',
    '-iu www-data pm2 reload all --update-env',
  ]) {
    await caseOf(line.split(' '), process.env, uid);
  }
}
