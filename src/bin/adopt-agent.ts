import { lstatSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { closeInherited } from '../identity/descriptors.ts';
import { switchUser } from '../identity/switch-user.ts';
import { callDaemon } from '../pm2/rpc.ts';
import { endProcess, type StartedProcess } from '../repair/end-process.ts';
import type { AgentAnswer, Hello, Work } from '../adopt/agent-protocol.ts';
import { launch, type Launch } from '../adopt/launch.ts';
import { lookAsUser, type LookRequest } from '../adopt/look.ts';
import { lastLines, type LogRequest } from '../adopt/last-lines.ts';
import { saveDump, type Save } from '../adopt/save-dump.ts';

/**
 * The child process that works in a user's PM2_HOME and with a user's daemon (dist/adopt-agent.cjs). It becomes that
 * user before it opens anything, so that the kernel limits it to that user's rights, whatever links the user made. It
 * ends when its standard input ends. The parent's side is work-as.ts.
 */
const tasks: Record<string, (argument: never) => unknown> = {
  call: (request: Call) => call(request),
  look: (request: LookRequest) => lookAsUser(request),
  launch: (request: Launch) => launch(request),
  save: (request: Save) => {
    saveDump(request);
  },
  log: (request: LogRequest) => lastLines(request),
  end: (request: StartedProcess) => endProcess(request),
};

interface Call {
  socket: string;
  method: string;
  args: unknown[];
  timeoutMs: number;
}

/** The user can replace the socket by a link; root would follow it to another user's daemon (T12). */
function call({ socket, method, args, timeoutMs }: Call): unknown {
  if (process.geteuid?.() === 0 && lstatSync(socket, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new Error(`${socket} is a symbolic link, and root does not follow it`);
  return callDaemon(socket, method, args, { timeoutMs, maxBytes: 64 << 20 });
}

let greeted = false;
// The parent decides when to stop.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => undefined);
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  if (greeted) {
    void answer(JSON.parse(line) as Work);
    return;
  }
  greeted = true;
  const { become, env } = JSON.parse(line) as Hello;
  if (become) closeInherited();
  if (become) switchUser(become); // throws, and so ends this process, if it could become root again
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, env);
});
lines.on('close', () => process.exit());

async function answer({ id, task, argument }: Work): Promise<void> {
  const failed = (why: string) => JSON.stringify({ id, type: 'failed', why } satisfies AgentAnswer);
  let said: string;
  try {
    said = JSON.stringify({ id, type: 'done', result: await tasks[task]?.(argument as never) } satisfies AgentAnswer);
  } catch (error) {
    // An answer nested too deeply to be serialised throws a RangeError here.
    said = failed(error instanceof Error ? error.message : 'it failed without a reason');
  }
  process.stdout.write(`${said}\n`);
}
