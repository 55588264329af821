import type { DoctorFinding } from '../../src/doctor/finding.ts';
import { checkout, type Host, type RunOptions } from '../harness/host.ts';

/** The command as the checkout has it: doctor is asked before anything is installed, too. */
export const DOCTOR = `node ${checkout}/dist/pm2-guard.cjs doctor`;

/** What doctor finds on a host, as root unless told otherwise. */
export async function findings(host: Host, options: RunOptions = {}): Promise<DoctorFinding[]> {
  const { stdout, stderr, status } = await host.run(`${DOCTOR} --json`, options);
  if (status === null || status > 2) throw new Error(`exit ${status ?? 'by a signal'}: ${stderr}`);
  return (JSON.parse(stdout) as { findings: DoctorFinding[] }).findings;
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

/** Types the commands of a repair, as an administrator who may sudo would. */
export async function type(host: Host, { repair }: DoctorFinding): Promise<void> {
  if (repair.length === 0) throw new Error('there is no command to type');
  for (const words of repair)
    await host.must(words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' '), { user: 'deploy', cwd: '/' });
}
