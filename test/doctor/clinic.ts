import type { DoctorFinding } from '../../src/doctor/finding.ts';
import type { Report } from '../../src/doctor/report.ts';
import { quoteCommand } from '../../src/terminal/shown.ts';
import type { Host } from '../harness/host.ts';
import { SITE, WEB } from '../traps/twins.ts';
import { DOCTOR } from './doctor.ts';

export const IDLE = 'setInterval(() => {}, 1e6);';

/** All that doctor says, for scripts. */
export async function examined(host: Host, user = 'root'): Promise<Report> {
  const { stdout, stderr, status } = await host.run(`${DOCTOR} --json`, { user });
  if (status !== 0 && status !== 1 && status !== 2)
    throw new Error(`doctor: exit ${status ?? '?'}\n${stdout}${stderr}`);
  return JSON.parse(stdout) as Report;
}

/** `PD102 /home/ops/.pm2`: what was found, each with its home, or the app in it; of some codes only. */
export async function found(host: Host, codes: RegExp = /^PD[12]/): Promise<string[]> {
  return (await examined(host)).findings
    .filter(({ code }) => codes.test(code))
    .map(({ code, subject }) => `${code} ${subject.app ?? subject.home ?? ''}`);
}

/** Types what a finding says, exactly as it is shown, as a user who may use sudo. */
export async function repair(
  host: Host,
  { repair: commands }: Pick<DoctorFinding, 'repair'>,
  user = 'deploy',
): Promise<void> {
  for (const words of commands) await host.must(quoteCommand(words), { user, cwd: '/', timeoutMs: 60_000 });
}

/** The web server's app, as it should be. */
export async function startSite(host: Host): Promise<void> {
  await host.must('pm2 start server.js --name myapp && pm2 save', {
    user: 'www-data',
    cwd: SITE,
    env: { PM2_HOME: WEB },
  });
}

/** A job of ops, as it should be. */
export async function startBackup(host: Host): Promise<void> {
  await host.write('/home/ops/backup.js', IDLE, { owner: 'ops' });
  await host.must('pm2 start backup.js && pm2 save', { user: 'ops' });
}
