import type { World } from '../../model.ts';
import type { ShellScope } from '../../shell/scope.ts';
import type { Session } from '../../shell/session.ts';
import { namedUser, runAll, runOverSsh, setAll, varies } from './common.ts';
import type { Node } from './node.ts';

type ReadCi = (root: Node, scope: ShellScope, session: Session) => void;

const HOSTED = /^(ubuntu|windows|macos|buildjet|blacksmith|warp|depot|namespace)[\w.-]*$/i;
const CONTAINER: World = { kind: 'container' };
const THROWAWAY: World = { kind: 'throwaway runner' };

function kept(name: string): World {
  return { kind: 'kept runner', name };
}

/** GitHub Actions: a hosted runner is discarded after the job; a self-hosted one is kept. */
export const github: ReadCi = (root, scope, session) => {
  for (const [, job] of root.get('jobs')?.entries() ?? []) {
    const labels = job.get('runs-on');
    const names = (labels?.isMap ? labels.get('labels') : labels)?.items().map(({ text }) => text) ?? [];
    const world: World = job.get('container')
      ? CONTAINER
      : names.some((name) => HOSTED.test(name))
        ? THROWAWAY
        : names.length === 0 || names.some(varies)
          ? { kind: 'variable host', text: names.join(' ') || 'the runner' }
          : kept(names.join(' '));
    const shell = scope.child({ world }, []);
    setAll(root.get('env'), shell);
    setAll(job.get('env'), shell);
    for (const step of job.get('steps')?.items() ?? []) {
      const own = shell.fork();
      setAll(step.get('env'), own);
      const hidden = step.get('continue-on-error')?.text === 'true' ? 'continue-on-error: true' : null;
      session.within({ hidden }, () => {
        runAll(step.get('run'), own, session);
        for (const settings of [step.get('with'), step.get('env')])
          if (settings && runOverSsh(settings, own, session)) break;
      });
    }
  }
};

const NO_JOBS = new Set([
  'stages',
  'variables',
  'include',
  'workflow',
  'image',
  'services',
  'cache',
  'default',
  'spec',
]);

/** GitLab CI: a job with an image runs in a container, a job with tags on the runners that have them. */
export const gitlab: ReadCi = (root, scope, session) => {
  const image = root.get('image') ?? root.get('default')?.get('image') ?? null;
  const tags = root.get('default')?.get('tags') ?? null;
  for (const [name, job] of root.entries()) {
    if (!job.isMap && !/^(before|after)_script$/.test(name)) continue;
    if (NO_JOBS.has(name) && name !== 'default') continue;
    const own = job.isMap ? job : root;
    const tagged = own.get('tags') ?? tags;
    const world: World =
      (own.get('image') ?? image)
        ? CONTAINER
        : tagged
          ? kept('gitlab-runner')
          : { kind: 'variable host', text: 'the runner' };
    const shell = scope.child({ world }, []);
    setAll(root.get('variables'), shell);
    setAll(own.get('variables'), shell);
    const hidden = own.get('allow_failure')?.text === 'true' ? 'allow_failure: true' : null;
    session.within({ hidden }, () => {
      if (!job.isMap) runAll(job, shell, session);
      else for (const key of ['before_script', 'script', 'after_script']) runAll(job.get(key), shell, session);
    });
  }
};

/** CircleCI: docker and machine are discarded; a resource class with a slash is a self-hosted runner. */
export const circle: ReadCi = (root, scope, session) => {
  const executors = root.get('executors');
  const sets: Node[] = ['jobs', 'commands'].flatMap(
    (key) =>
      root
        .get(key)
        ?.entries()
        .map(([, one]) => one) ?? [],
  );
  for (const job of sets) {
    const named = job.get('executor');
    const executor = named ? (executors?.get(named.text || named.get('name')?.text || '') ?? job) : job;
    const own = executor.get('resource_class')?.text.includes('/') ?? false;
    const world: World = own ? kept('CircleCI runner') : executor.get('docker') ? CONTAINER : THROWAWAY;
    const shell = scope.child({ world }, []);
    setAll(job.get('environment'), shell);
    for (const step of job.get('steps')?.items() ?? []) {
      const run = step.get('run');
      if (run) runAll(run.isMap ? run.get('command') : run, shell.fork(), session);
      for (const [, settings] of step.entries()) if (settings.isMap) runOverSsh(settings, shell, session);
    }
  }
};

/** Azure Pipelines: a vmImage is discarded; a named pool, or an environment of virtual machines, is kept. */
export const azure: ReadCi = (root, scope, session) => {
  const visit = (node: Node, world: World): void => {
    const pool = node.get('pool');
    const environment = node.get('environment');
    let here = world;
    if (pool)
      here = pool.get('vmImage')
        ? THROWAWAY
        : varies(pool.text)
          ? { kind: 'variable host', text: pool.text }
          : kept(pool.get('name')?.text ?? pool.text);
    if (environment?.get('resourceType')?.text === 'VirtualMachine')
      here = kept(environment.get('name')?.text ?? 'virtual machines');
    if (node.get('container')) here = CONTAINER;
    for (const step of node.get('steps')?.items() ?? []) {
      const shell = scope.child({ world: here }, []);
      setAll(step.get('env'), shell);
      const hidden = step.get('continueOnError')?.text === 'true' ? 'continueOnError: true' : null;
      session.within({ hidden }, () => {
        runAll(step.first('script', 'bash'), shell, session);
        const inputs = step.get('inputs');
        if (!inputs) return;
        if (/^SSH@/i.test(step.get('task')?.text ?? '')) runOverSsh(inputs, shell, session);
        else runAll(inputs.first('script', 'inline'), shell, session);
      });
    }
    for (const [key, child] of node.entries()) {
      if (key === 'steps') continue;
      for (const one of child.isList ? child.items() : [child]) if (one.isMap) visit(one, here);
    }
  };
  visit(root, { kind: 'variable host', text: 'the agent' });
};

/** Bitbucket Pipelines, and others with `script` lists in steps: an image is a container. */
export const bitbucket: ReadCi = (root, scope, session) => {
  const visit = (node: Node): void => {
    const step = node.get('step') ?? node;
    const script = step.get('script');
    if (script) {
      const own =
        step
          .get('runs-on')
          ?.items()
          .some(({ text }) => text.startsWith('self.hosted')) ?? false;
      const shell = scope.child({ world: own ? kept('self.hosted') : CONTAINER }, []);
      for (const item of script.items()) {
        if (item.isMap) runOverSsh(item.get('variables') ?? item, shell, session);
        else runAll(item, shell, session);
      }
      return;
    }
    for (const [, child] of node.entries())
      for (const one of child.isList ? child.items() : [child]) if (one.isMap) visit(one);
  };
  const pipelines = root.get('pipelines');
  if (pipelines) visit(pipelines);
};

/** Travis and Drone: discarded containers and virtual machines, except for ssh commands. */
export const travis: ReadCi = (root, scope, session) => {
  const shell = scope.child({ world: THROWAWAY }, []);
  for (const key of [
    'before_install',
    'install',
    'before_script',
    'script',
    'after_success',
    'after_script',
    'before_deploy',
    'after_deploy',
  ])
    runAll(root.get(key), shell, session);
  for (const deploy of root.get('deploy')?.items() ?? []) runAll(deploy.get('script'), shell, session);
  for (const step of root.get('steps')?.items() ?? []) {
    runAll(step.get('commands'), shell, session);
    const settings = step.get('settings');
    if (settings) runOverSsh(settings, shell, session);
  }
};

/** AWS CodeDeploy: the agent runs a hook's script as `runas`, else as root; the scripts are separate files. */
export const appspec: ReadCi = (root, scope, session) => {
  for (const [, hooks] of root.get('hooks')?.entries() ?? []) {
    for (const hook of hooks.items()) {
      const location = hook.get('location');
      if (!location) continue;
      const runas = hook.get('runas');
      const user = runas
        ? namedUser(runas, 'runas of appspec.yml')
        : { kind: 'known' as const, name: 'root', said: 'the agent of CodeDeploy' };
      const at = location.fragment;
      session.reading.remarks.push({
        kind: 'runs file',
        start: at.at(0),
        end: at.at(at.text.length),
        about: location.text,
        context: { user, world: scope.world, cwd: null, forms: [], pm2Home: null, homeDirectory: null },
      });
    }
  }
};
