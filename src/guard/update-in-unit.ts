import type { ResolvedCall } from '../call/resolve-call.ts';
import { NO_UID } from '../runtime/brands.ts';
import { whoToAsk } from '../verdict/for-reader.ts';
import { commandFor } from '../verdict/suggestion.ts';
import type { Advice, Block, Verdict } from '../verdict/verdict.ts';
import { callOf } from '../verdict/words.ts';
import { bootUnits } from './boot-units.ts';

const UPDATES = ['update', 'updatePM2'];

/**
 * The verdict on `pm2 update` of a daemon that a unit runs. pm2 ends the daemon and spawns another one, systemd then
 * runs the unit's ExecStop=, `pm2 kill`, which ends that one too: all apps are down. Every other verdict is as given.
 *
 * Needs the rights of root or of the daemon's user. A call that goes through sudo is judged behind it.
 */
export function withUnit({ verdict, invocation, caller, policy }: ResolvedCall, hopped: boolean): Verdict {
  if (!UPDATES.includes(invocation.command ?? '') || verdict.type === 'block' || verdict.daemon === null)
    return verdict;
  const { daemon } = verdict;
  const unit = bootUnits()?.unitThatEndsAll(daemon) ?? null;
  if (unit === null) return verdict;
  const reason =
    `${callOf(invocation)} ends the daemon "${daemon.name}", which ${unit} runs; systemd then ends the new one, and ` +
    'all its apps stay down.';
  if (policy.mode === 'observe' || daemon.mode === 'observe') {
    const passed = { rule: verdict.rule, daemon, daemonless: false, report: 'observed' } as const;
    return verdict.type === 'pass' ? { ...passed, type: 'pass', code: 'PG003', reason } : verdict;
  }
  const block: Block = {
    type: 'block',
    code: 'PG117',
    reason,
    rule: verdict.rule,
    daemon,
    details: ['When its main process ends, systemd runs the ExecStop= of the unit, which is "pm2 kill".'],
    advice: [],
  };
  const bySudo = hopped || caller.uid === 0 || caller.login !== null;
  const restart = ['sudo', 'systemctl', 'restart', unit];
  const save = commandFor(daemon, { ...caller, naming: {}, ...(bySudo ? { uid: NO_UID } : {}) }, ['save']);
  const ask: Advice = { label: 'ask', who: whoToAsk(policy), command: restart };
  if (!bySudo) return { ...block, advice: [{ label: 'run', command: save, as: null }, ask] };
  const all: Advice = { label: 'run all', commands: [save, restart].map((command) => ({ command, as: null })) };
  const others: Advice = { ...ask, command: null, who: `${ask.who}, if sudo refuses that` };
  return { ...block, advice: hopped ? [all, others] : [all] };
}
