import { expect } from 'vitest';
import type { DoctorFinding } from '../../src/doctor/finding.ts';
import type { Report } from '../../src/doctor/report.ts';
import { quoteCommand } from '../../src/terminal/shown.ts';
import type { SystemdHost } from '../harness/systemd.ts';
import { SITE, WEB } from '../traps/twins.ts';

export { SITE, WEB } from '../traps/twins.ts';

export const UNIT = 'pm2-www-data.service';
export const CONFIG = `\
default: web
daemons:
  web: { user: www-data, home: ${WEB}, apps: [myapp, shop], operators: [ops] }
`;
/** An app that needs no port. */
export const SHOP = '/srv/shop.js';

/** pm2 as www-data, as root types it: the guard lets it pass. */
export const asWeb = (words: string) => `sudo -u www-data PM2_HOME=${WEB} pm2 ${words}`;

/** Everything of PM2's is gone; then the apps are saved and come up by the unit that `pm2 startup` wrote. */
export async function inTheUnit(host: SystemdHost, apps: readonly ('myapp' | 'shop')[] = ['myapp']): Promise<void> {
  await withoutDaemons(host);
  const starts = {
    myapp: asWeb(`start ${SITE}/server.js --name myapp --cwd ${SITE}`),
    shop: asWeb(`start ${SHOP} --name shop --cwd /srv`),
  };
  await host.write(SHOP, 'setInterval(() => {}, 1e6);\n');
  for (const app of apps) await host.must(starts[app], { cwd: '/' });
  await host.must(`${asWeb('save')} && ${asWeb('kill')}`, { cwd: '/' });
  await host.must(`pm2 startup systemd -u www-data --hp /var/www && systemctl start ${UNIT}`, { cwd: '/' });
  await runsInUnit(host, apps);
}

/** No unit, no daemon, no file in a PM2_HOME. */
export async function withoutDaemons(host: SystemdHost): Promise<void> {
  await host.must(
    `systemctl stop 'pm2-*' 2>/dev/null; pkill -9 -f '[G]od Daemon'; pkill -9 -u www-data
    rm -rf /etc/systemd/system/pm2-* /etc/systemd/system/*.wants/pm2-* /root/.pm2 /home/*/.pm2 ${WEB} /srv/*
    systemctl daemon-reload; systemctl reset-failed; install -d -o www-data -g www-data ${WEB}`,
    { cwd: '/' },
  );
}

/** These apps are online, as www-data, in a daemon that is the main process of its unit. */
export async function runsInUnit(host: SystemdHost, apps: readonly string[], unit = UNIT, home = WEB): Promise<void> {
  await expect
    .poll(async () => (await host.apps(home)).map(({ name, uid, status }) => `${name} ${uid ?? '-'} ${status}`).sort())
    .toEqual(apps.map((name) => `${name} 33 online`).sort());
  const daemons = host.daemons().filter((daemon) => daemon.home === home);
  expect(daemons).toHaveLength(1);
  expect(await host.cgroup(daemons[0]?.pid ?? 0)).toBe(`/system.slice/${unit}`);
  expect(await host.unit(unit)).toMatchObject({ ActiveState: 'active', UnitFileState: 'enabled' });
}

export async function examined(host: SystemdHost): Promise<Report> {
  const { stdout, stderr } = await host.run('pm2-guard doctor --json', { cwd: '/' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Report;
}

/** Codes of PM2's daemons, apps and boot. */
export async function codes(host: SystemdHost): Promise<string[]> {
  return (await examined(host)).findings.map(({ code }) => code).filter((code) => /^PD[124]/.test(code));
}

export async function finding(host: SystemdHost, code: string): Promise<DoctorFinding> {
  const { findings } = await examined(host);
  const found = findings.find((one) => one.code === code);
  if (found === undefined) throw new Error(`no ${code} among ${findings.map((one) => one.code).join(' ')}`);
  return found;
}

/** Types a repair exactly as it is shown, as a person who has logged in by ssh and may use sudo. */
export async function typed(host: SystemdHost, { repair }: Pick<DoctorFinding, 'repair'>): Promise<string[]> {
  const lines = repair.map((words) => quoteCommand(words));
  expect(lines).not.toEqual([]);
  for (const line of lines) {
    const { status, stdout, stderr } = await host.session('deploy', line, { timeoutMs: 60_000 });
    expect(`${line}: exit ${status ?? 'by a signal'} ${status === 0 ? '' : stdout + stderr}`).toBe(`${line}: exit 0 `);
  }
  return lines;
}
