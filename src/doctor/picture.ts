import { counted, listed, lasted } from './words.ts';
import type { Report, ReportedApp, ReportedDaemon } from './report.ts';

/** A row of the report, not escaped yet. */
export interface DaemonRow {
  title: string;
  details: string[];
  stray: boolean;
  apps: AppRow[];
  /** True: the daemon said that it has none. */
  empty: boolean;
}

export interface AppRow {
  name: string;
  user: string;
  pid: string;
  ports: string;
  state: string;
  /** Whether the config agrees; empty: the config does not apply. */
  place: string;
  stray: boolean;
}

/** One row per daemon, and below it one row per app with all its instances. */
export function picture(report: Report): DaemonRow[] {
  const { daemons, config, time } = report;
  return [
    ...daemons.map((daemon) => ({
      title: `${daemon.name ?? (daemon.stray ? 'STRAY' : 'daemon')}: ${userAndPm2Home(daemon)}`,
      details: detailsOf(daemon, Date.parse(time)),
      stray: daemon.stray,
      apps: grouped(daemon.apps).map((processes) => appRow(processes, daemon, config.file !== null)),
      empty: daemon.apps.length === 0 && daemon.answers === 'yes',
    })),
    ...socketlessRows(report),
  ];
}

/** One row for all of a user and PM2_HOME. */
function socketlessRows({ socketless }: Report): DaemonRow[] {
  return [...new Set(socketless.map(userAndPm2Home))].map((place) => {
    const same = socketless.filter((one) => userAndPm2Home(one) === place);
    const apps = same.flatMap((one) => one.apps.map(({ name }) => name));
    return {
      title: `NO SOCKET: ${place}`,
      details: [
        `pid ${listed(same.map(({ pid }) => String(pid ?? '?')))}`,
        'no command reaches it',
        ...(apps.length > 0 ? [`runs ${listed(apps)}`] : []),
      ],
      stray: true,
      apps: [],
      empty: false,
    };
  });
}

function userAndPm2Home({ user, uid, home: pm2Home }: Pick<ReportedDaemon, 'user' | 'uid' | 'home'>): string {
  return `${user ?? (uid === null ? 'an unknown user' : `uid ${uid}`)} in ${pm2Home}`;
}

function detailsOf(daemon: ReportedDaemon, now: number): string[] {
  const { pid, pm2, node, started, answers, ports, modules, elsewhere, namespaces, stray, apps } = daemon;
  return [
    ...(pid === null ? [] : [`pid ${pid}`]),
    ...(pm2 === null ? [] : [`PM2 ${pm2}`]),
    ...(node === null ? [] : [`node ${node}`]),
    ...(started === null ? [] : [`up ${lasted(now - Date.parse(started))}`]),
    ...(elsewhere
      ? [`in a container (its own ${namespaces.join(', ')} namespace)`]
      : [bootInWords(daemon), ...(namespaces.length > 0 ? [`its own ${namespaces.join(', ')} namespace`] : [])]),
    ...(ports.length > 0 ? [`port ${ports.join(', ')} for ${usersOfPorts(apps)}`] : []),
    ...(modules.length > 0 ? [`modules ${listed(modules)}`] : []),
    ...(answers === 'yes' ? [] : [ANSWERS[answers]]),
    ...(stray ? ['no config declares it'] : []),
  ];
}

/** The daemon listens for its apps in cluster mode, and does not tell which port is whose. */
function usersOfPorts(apps: ReportedDaemon['apps']): string {
  const [first] = apps;
  if (first === undefined) return 'no app';
  return apps.every(({ name }) => name === first.name) ? first.name : 'its apps in cluster mode';
}

const ANSWERS: Record<Exclude<ReportedDaemon['answers'], 'yes'>, string> = {
  no: 'no command reaches it',
  dead: 'no process listens',
  denied: 'only its user and root may ask it',
  silent: 'does not answer',
  nonsense: 'does not answer as PM2',
};

function bootInWords({ unit, unclear }: ReportedDaemon): string {
  if (unclear.length > 0) return `perhaps booted by ${listed(unclear)}, which is unclear`;
  if (unit === null) return 'no boot unit';
  return `${unit.enabled ? 'boots by' : 'not booted by'} ${unit.name}`;
}

function grouped(apps: readonly ReportedApp[]): ReportedApp[][] {
  const byName = new Map<string, ReportedApp[]>();
  for (const app of apps) byName.set(app.name, [...(byName.get(app.name) ?? []), app]);
  return [...byName.values()];
}

function appRow(
  processes: readonly ReportedApp[],
  { name: daemon, stray }: ReportedDaemon,
  configured: boolean,
): AppRow {
  const [first] = processes as [ReportedApp];
  const each = (value: (app: ReportedApp) => string | null) =>
    listed(
      processes.map(value).filter((text) => text !== null),
      4,
    );
  const restarts = processes.reduce((sum, app) => sum + (app.restarts ?? 0), 0);
  const isStray = first.placement === 'stray';
  return {
    name: processes.length > 1 ? `${first.name} x${processes.length}` : first.name,
    user: each((app) => app.user ?? (app.uid === null ? null : `uid ${app.uid}`)) || '-',
    pid: each((app) => (app.pid === null ? null : String(app.pid))) || '-',
    ports: listed(processes.flatMap(({ ports }) => ports).map(String)) || '-',
    state: `${each((app) => app.state ?? 'running')}${restarts > 0 ? `, ${counted(restarts, 'restart')}` : ''}`,
    place: isStray
      ? `STRAY: belongs to ${first.belongs.join(' or ')}`
      : first.placement === 'unknown'
        ? 'not in the config'
        : first.placement === 'unjudged' || !configured
          ? ''
          : first.belongs.length > 0
            ? `belongs to ${daemon ?? first.belongs.join()}`
            : 'not named in the config',
    stray: isStray || (stray && first.placement === 'unknown'),
  };
}

export function conclusion({ daemons, socketless, findings, healthy, ghosts }: Report): string {
  const apps = daemons.reduce((sum, daemon) => sum + grouped(daemon.apps).length, 0);
  const seen = [
    counted(daemons.length, 'daemon'),
    counted(apps, 'app'),
    ...(socketless.length > 0 ? [`${counted(socketless.length, 'daemon')} without a socket`] : []),
    ...(ghosts.length > 0 ? [`${counted(ghosts.length, 'process')} without a daemon`] : []),
  ].join(', ');
  if (healthy) return `healthy: ${seen}, and nothing is wrong`;
  if (findings.length === 0) return `nothing found on ${seen}, but not everything could be looked at`;
  const urgent = findings.filter(({ urgency }) => urgency === 'urgent').length;
  const fixable = findings.filter(({ fix }) => fix !== null).length;
  return [
    `${counted(findings.length, 'finding')} on ${seen}`,
    ...(urgent > 0 ? [`${urgent} ${urgent === 1 ? 'is' : 'are'} urgent`] : []),
    ...(fixable > 0 ? [`doctor --fix would repair ${fixable}`] : []),
  ].join('; ');
}
