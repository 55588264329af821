import type { AppFacts } from '../host/app-facts.ts';
import type { DaemonFacts } from '../host/daemon-facts.ts';
import type { HostFacts } from '../host/facts.ts';
import type { DoctorFinding } from './finding.ts';
import { declaredAs, isUndeclared, placementOf, type Placement } from './placement.ts';
import { unitOfDaemon } from './through-unit.ts';

/**
 * What `doctor --json` prints. A change that a script could notice raises `schema`. Environments stay out of it: they
 * hold secrets.
 */
export interface Report {
  schema: 1;
  /** ISO 8601. */
  time: string;
  healthy: boolean;
  /** Sentences; empty: everything was looked at. */
  unseen: string[];
  config: { file: string | null; problem: string | null };
  daemons: ReportedDaemon[];
  ghosts: { app: string; home: string; pid: number; user: string | null; command: string; ports: number[] }[];
  /** Most dangerous first. `repair`: commands, each as words. `fix`: what `doctor --fix` would do; null: nothing. */
  findings: readonly DoctorFinding[];
}

export interface ReportedDaemon {
  /** Its name in the config; null: nobody declared it. */
  name: string | null;
  stray: boolean;
  user: string | null;
  uid: number | null;
  home: string;
  socket: string;
  pid: number | null;
  /** `yes`; `no`: another daemon has its socket's place, or nobody; else why it said nothing. */
  answers: 'yes' | 'no' | 'dead' | 'denied' | 'silent' | 'nonsense';
  pm2: string | null;
  node: string | null;
  /** ISO 8601. */
  started: string | null;
  cwd: string | null;
  /** The unit that starts a daemon in this home at boot. */
  unit: { name: string; enabled: boolean } | null;
  cgroups: readonly string[];
  /** Namespaces that it does not share with pm2-guard: mount, pid, network. `elsewhere`: its home is in one of them. */
  namespaces: readonly string[];
  elsewhere: boolean;
  /** TCP; its own, which are those of its apps in cluster mode. */
  ports: readonly number[];
  modules: string[];
  apps: ReportedApp[];
}

/** One process of PM2's list. */
export interface ReportedApp {
  name: string;
  namespace: string | null;
  id: number;
  /** As the kernel knows it; null: nothing runs. */
  pid: number | null;
  user: string | null;
  uid: number | null;
  ports: number[];
  /** PM2's word; null: the daemon gave no list, and the process is there. */
  state: string | null;
  restarts: number | null;
  script: string | null;
  cwd: string | null;
  /** Who started it, by the client's own account: the user column of pm2 list. */
  username: string | null;
  placement: Placement['type'];
  /** Names of the daemons that the config puts it into; empty: it names none. */
  belongs: string[];
}

/** The facts and what was found in them, for scripts. */
export function reportOf(facts: HostFacts, findings: readonly DoctorFinding[]): Report {
  return {
    schema: 1,
    time: new Date(facts.time).toISOString(),
    healthy: findings.length === 0 && facts.unseen.length === 0,
    unseen: facts.unseen,
    config: { file: facts.policy?.file ?? null, problem: facts.policyProblem },
    daemons: facts.daemons.map((daemon) => reportedDaemon(daemon, facts)),
    ghosts: facts.ghosts.map(({ app, home, process, user, ports }) => ({
      app,
      home,
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
    home: daemon.home,
    socket: daemon.socket,
    pid: daemon.pid,
    answers: reachable ? (failure?.type ?? 'yes') : 'no',
    pm2: daemon.pm2,
    node: daemon.node,
    started: process === null || process.started === null ? null : new Date(process.started).toISOString(),
    cwd: process?.cwd ?? null,
    unit: unit === null ? null : { name: unit.name, enabled: unit.enabled },
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
