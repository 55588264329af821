import type { ResolvedCall } from '../call/resolve-call.ts';
import { isOperator } from '../call/operators.ts';
import { vocabulary } from '../pm2/grammar.ts';
import { listApps } from '../pm2/rpc.ts';
import { rpcSocket } from '../pm2/home.ts';
import type { Daemon } from '../policy/policy.ts';
import { escapeControls } from '../terminal/escape.ts';

/** TAB must answer before the user types on. */
const SOCKET_MS = 300;

/** PM2 completes app names after these commands (checkCompletion in lib/binaries/CLI.js, PM2 5.4 to 7.0). */
const TAKES_NAME = [
  'stop',
  'restart',
  'scale',
  'reload',
  'delete',
  'reset',
  'pull',
  'forward',
  'backward',
  'logs',
  'describe',
  'desc',
  'show',
];

/** Completes commands, options and app names for TAB, without PM2 and without a record. Null: not a TAB call. */
export async function completionsFor(call: ResolvedCall): Promise<string[] | null> {
  const { env } = call.invocation.context;
  const line = env['COMP_LINE'];
  if (line === undefined || line === '' || !env['COMP_CWORD'] || !env['COMP_POINT']) return null;
  const words = line.split(' ');
  const last = words.at(-1) ?? '';
  const previous = words.at(-2);
  const known = vocabulary(call.pm2.major);
  if (last.startsWith('-'))
    return known.flags.filter((flag) => flag.startsWith(last) && (last.startsWith('--') || !flag.startsWith('--')));
  if (previous === 'pm2') return known.commands.filter((command) => command !== '*' && command.startsWith(last));
  if (!TAKES_NAME.includes(previous ?? '')) return [];
  return (await namesFor(call)).filter((name) => name.startsWith(last) && isWordAsTyped(name));
}

/**
 * PM2's completion scripts put a name into the command line without quotes. Another user chose it, and the caller's
 * shell would run `shop;id` and expand `$(id)`. So only names without a meaning to bash, zsh and fish are offered, and
 * none that is an option.
 */
function isWordAsTyped(name: string): boolean {
  return /^[\p{L}\p{N}_@%+:,./][\p{L}\p{M}\p{N}_@%+=:,./-]*$/u.test(name) && escapeControls(name) === name;
}

async function namesFor({ caller, policy }: ResolvedCall): Promise<string[]> {
  const reachable = policy.daemons.filter(
    (daemon) => caller.uid === 0 || daemon.uid === caller.uid || isOperator(daemon, caller),
  );
  const configured = policy
    .namesMatching(() => true)
    .filter(({ daemon }) => reachable.some(({ name }) => name === daemon))
    .map(({ pattern }) => pattern);
  const own = policy.daemons.some(({ pm2Home }) => pm2Home === caller.pm2Home) ? null : caller.socket;
  const sockets = [...reachable.map(({ pm2Home }: Daemon) => rpcSocket(pm2Home)), ...(own === null ? [] : [own])];
  const live = await Promise.all(sockets.map((socket) => listApps(socket, { timeoutMs: SOCKET_MS })));
  const running = live.flatMap((answer) => (answer.type === 'answered' ? answer.apps.map(({ name }) => name) : []));
  return [...new Set([...configured, ...running])].sort();
}
