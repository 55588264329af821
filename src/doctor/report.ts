import type { AppFacts } from '../host/daemons/app-facts.ts';
import type { DaemonFacts } from '../host/daemons/daemon-facts.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Pid, Pm2Home, Uid } from '../runtime/brands.ts';
import { unclearStarts } from './boots.ts';
import type { DoctorFinding } from './finding.ts';
import { declaredAs, isUndeclared, placementOf, type Placement } from './placement.ts';
import { unitOfDaemon } from './through-unit.ts';

/** Output of `doctor --json`. `schema` rises with a breaking change. Environments stay out: they hold secrets. */
export interface Report {
  schema: 1;
  /** ISO 8601. */
  time: string;
  healthy: boolean;
  /** Sentences about parts that could not be examined; empty: all was examined. */
  unseen: string[];
  config: { file: string | null; problem: string | null };
  daemons: ReportedDaemon[];
  /** Daemons that listen on no socket. Only their own title says so. */
  socketless: Pick<ReportedDaemon, 'user' | 'uid' | 'home' | 'pid' | 'started' | 'cgroups' | 'apps'>[];
  ghosts: { app: string; home: string; pid: Pid; user: string | null; command: string; ports: number[] }[];
  /** Most urgent first. */
  findings: readonly DoctorFinding[];
}

export interface ReportedDaemon {
  /** Null: not declared. */
  name: string | null;
  stray: boolean;
  user: string | null;
  uid: Uid | null;
  home: Pm2Home;
  socket: string;
  pid: Pid | null;
  /** `no`: no command reaches it. Any other value but `yes` is why it gave no list. */
  answers: 'yes' | 'no' | 'dead' | 'denied' | 'silent' | 'nonsense';
  pm2: string | null;
  node: string | null;
  /** ISO 8601. */
  started: string | null;
  cwd: string | null;
  /** The unit that starts a daemon in this PM2_HOME at boot. */
  unit: { name: string; enabled: boolean } | null;
  /** Without a unit: what is enabled, runs pm2, and may start this daemon at boot. Which one it starts is not known. */
  unclear: string[];
  cgroups: readonly string[];
  /** Namespaces that differ from pm2-guard's. `elsewhere`: its PM2_HOME is in one of them. */
  namespaces: readonly string[];
  elsewhere: boolean;
  /** TCP ports of the daemon itself, which its apps in cluster mode use. */
  ports: readonly number[];
  modules: string[];
  apps: ReportedApp[];
}

export interface ReportedApp {
  name: string;
  namespace: string | null;
  id: number;
  /** By the kernel; null: no process runs. */
  pid: Pid | null;
  user: string | null;
  uid: Uid | null;
  ports: number[];
  /** PM2's state; null: the daemon gave no list, but the process runs. */
  state: string | null;
  restarts: number | null;
  script: string | null;
  cwd: string | null;
  /** The user column of pm2 list, which the client sets itself. */
  username: string | null;
  placement: Placement['type'];
  /** Daemons that the config names for it. */
  belongs: string[];
}

export function reportOf(facts: HostFacts, findings: readonly DoctorFinding[]): Report {
  return {
    schema: 1,
    time: new Date(facts.time).toISOString(),
    healthy: findings.length === 0 && facts.unseen.length === 0,
    unseen: facts.unseen,
    config: { file: facts.policy?.file ?? null, problem: facts.policyProblem },
    daemons: facts.daemons.map((daemon) => reportedDaemon(daemon, facts)),
    socketless: facts.socketless.map((daemon) => {
      const { user, uid, home: pm2Home, pid, started, cgroups, apps } = reportedDaemon(daemon, facts);
      return { user, uid, home: pm2Home, pid, started, cgroups, apps };
    }),
    ghosts: facts.ghosts.map(({ app, pm2Home, process, user, ports }) => ({
      app,
      home: pm2Home,
      pid: process.pid,
      user,
      command: process.command,
      ports,
    })),
    findings,
  };
}

function reportedDaemon(daemon: DaemonFacts, facts: HostFacts): ReportedDaemon {
  const { process, failure, reachable, apps } = daemon;
  const unit = unitOfDaemon(daemon, facts);
  return {
    name: declaredAs(daemon)?.name ?? null,
    stray: isUndeclared(daemon, facts),
    user: daemon.user,
    uid: daemon.uid,
    home: daemon.pm2Home,
    socket: daemon.socket,
    pid: daemon.pid,
    answers: reachable ? (failure?.type ?? 'yes') : 'no',
    pm2: daemon.pm2,
    node: daemon.node,
    started: process === null || process.started === null ? null : new Date(process.started).toISOString(),
    cwd: process?.cwd ?? null,
    unit: unit === null ? null : { name: unit.name, enabled: unit.enabled },
    unclear: unit?.enabled === true ? [] : unclearStarts(daemon.uid, facts).map(({ name }) => name),
    cgroups: process?.cgroups ?? [],
    namespaces: process?.foreign ?? [],
    elsewhere: daemon.elsewhere,
    ports: daemon.ports,
    modules: daemon.modules,
    apps: apps.map((app) => reportedApp(app, placementOf(app, daemon, facts))),
  };
}

function reportedApp({ process, ...app }: AppFacts, placement: Placement): ReportedApp {
  return {
    name: app.name,
    namespace: app.namespace,
    id: app.pmId,
    pid: process?.pid ?? null,
    user: app.user,
    uid: process?.uid ?? null,
    ports: app.ports,
    state: app.status,
    restarts: app.restarts,
    script: app.script,
    cwd: app.cwd,
    username: app.username,
    placement: placement.type,
    belongs:
      placement.type === 'stray'
        ? placement.owners.map(({ name }) => name)
        : placement.type === 'home' && placement.rule !== null
          ? [placement.rule.daemon]
          : [],
  };
}
