import type { DoctorFinding } from '../../src/doctor/finding.ts';
import type { Report } from '../../src/doctor/report.ts';
import { quoteCommand } from '../../src/terminal/shown.ts';
import { checkout, type Host, type RunOptions } from '../harness/host.ts';
import { SITE, WEB } from '../traps/twins.ts';

/** The command as the checkout has it: doctor is asked before anything is installed, too. */
export const DOCTOR = `node ${checkout}/dist/pm2-guard.cjs doctor`;

/** All that doctor says, for scripts; as root unless told otherwise. */
export async function examined(host: Host, options: RunOptions = {}): Promise<Report> {
  const { stdout, stderr, status } = await host.run(`${DOCTOR} --json`, options);
  if (status === null || status > 2) throw new Error(`doctor: exit ${status ?? 'by a signal'}\n${stdout}${stderr}`);
  return JSON.parse(stdout) as Report;
}

export async function findings(host: Host, options: RunOptions = {}): Promise<readonly DoctorFinding[]> {
  return (await examined(host, options)).findings;
}

/** The finding of a code; throws where there is none, or more than one. */
export async function finding(host: Host, code: string, path?: string): Promise<DoctorFinding> {
  const all = await findings(host);
  const [found, second] = all.filter((one) => one.code === code && (path === undefined || one.subject.path === path));
  if (found === undefined || second !== undefined)
    throw new Error(
      `${found ? 'more than one' : 'no'} ${code} among:\n${all.map((one) => JSON.stringify(one)).join('\n')}`,
    );
  return found;
}

/** Codes of this part of doctor, sorted, each once. */
export async function codes(host: Host): Promise<string[]> {
  return [...new Set((await findings(host)).map(({ code }) => code).filter((code) => /^PD[3-6]/.test(code)))].sort();
}

/** Types the commands of a finding, exactly as they are shown, as a user who may use sudo. */
export async function repair(
  host: Host,
  { repair: commands }: Pick<DoctorFinding, 'repair'>,
  user = 'deploy',
): Promise<void> {
  if (commands.length === 0) throw new Error('there is no command to type');
  for (const words of commands) await host.must(quoteCommand(words), { user, cwd: '/', timeoutMs: 60_000 });
}

export const IDLE = 'setInterval(() => {}, 1e6);';

/** `PD102 /home/ops/.pm2`: what was found, each with its home, or the app in it; of some codes only. */
export async function found(host: Host, codes: RegExp = /^PD[12]/): Promise<string[]> {
  return (await examined(host)).findings
    .filter(({ code }) => codes.test(code))
    .map(({ code, subject }) => `${code} ${subject.app ?? subject.home ?? ''}`);
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
