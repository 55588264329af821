import type { ResolvedCall } from '../call/resolve-call.ts';
import { classOf } from '../verdict/command-class.ts';

/** For `PM2_GUARD_DEBUG=1`. */
export function traceLines({ policy, pm2, caller, invocation, evidence, verdict }: ResolvedCall): string[] {
  const login = caller.login === null ? '' : `, logged in as ${caller.login}`;
  const targets = invocation.targets.map(({ kind, word }) => `${kind} ${word}`);
  const lists = (evidence.sights ?? []).map(({ daemon, source, apps }) => `${daemon} ${source} ${apps.length}`);
  const daemon = verdict.daemon === null ? '' : `, daemon ${verdict.daemon.name}`;
  const by = verdict.rule === null ? '' : `, by ${policy.file}:${verdict.rule.line}`;
  const stages = {
    policy: `${policy.file}: ${policy.daemons.map(({ name }) => name).join(', ')}; default ${policy.default ?? 'none'}`,
    pm2: `${pm2.version}, ${pm2.bin}`,
    caller: `${caller.user} (uid ${caller.uid})${login}, PM2_HOME ${caller.pm2Home}`,
    invocation: `${invocation.command ?? 'none'}, ${classOf(invocation)}; ${targets.join(', ') || 'no targets'}`,
    evidence: `lists: ${lists.join(', ') || 'none'}; own daemon: ${evidence.own?.state ?? 'not asked'}`,
    verdict: `${verdict.type} (${verdict.code})${daemon}${by}`,
  };
  return Object.entries(stages).map(([stage, text]) => `pm2-guard: debug: ${stage.padEnd(11)}${text}`);
}
