import { dumpFile } from '../pm2/home.ts';
import { readDump } from '../pm2/dump.ts';
import type { ResolvedCall } from '../call/resolve-call.ts';
import type { App } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import { commandFor } from '../verdict/suggestion.ts';
import type { Sight } from '../verdict/verdict.ts';
import { quoteCommand } from '../terminal/shown.ts';
import { say } from './report.ts';

/** What PM2 prints where it finds nothing by a name (lib/API.js _operate, scale; API/Extra.js describe), 5.4 to 7.0. */
const NOT_FOUND = /(?:Process|Namespace|Application) .*not found|doesn't exist/;

/**
 * After a call that ended with PM2's "not found": one line that says where the app lives, as far as the caller may
 * know, and the command that reaches it. Listens to what PM2 writes, and changes none of it.
 */
export function hintAfterwards({ invocation, caller, policy, verdict, evidence }: ResolvedCall): void {
  const landed = verdict.daemon;
  const names = invocation.targets.filter(({ kind }) => kind === 'name' || kind === 'id').map(({ word }) => word);
  if (invocation.scope !== 'app' || landed === null || names.length === 0 || policy.daemons.length < 2) return;
  let missing = false;
  for (const stream of [process.stderr, process.stdout]) {
    const write = stream.write.bind(stream) as (...words: unknown[]) => boolean;
    stream.write = (...words: unknown[]): boolean => {
      if (typeof words[0] === 'string' && NOT_FOUND.test(words[0])) missing = true;
      return write(...words);
    };
  }
  process.on('exit', (status) => {
    if (status === 0 || !missing) return;
    const found = names.flatMap((name) =>
      elsewhere(name, landed, policy, evidence.sights ?? []).map((daemon) => ({ name, daemon })),
    );
    say(
      found.map(
        ({ name, daemon }) =>
          `pm2-guard: ${name} is in daemon "${daemon.name}" (user ${daemon.user}, PM2_HOME ${daemon.home}):  ` +
          quoteCommand(commandFor(daemon, caller, invocation.argv)),
      ),
    );
  });
}

function elsewhere(name: string, landed: Daemon, policy: Policy, sights: readonly Sight[]): Daemon[] {
  const has = (apps: readonly App[]) => apps.some((app) => app.name === name || app.namespace === name);
  return policy.daemons.filter(
    (daemon) =>
      daemon.name !== landed.name &&
      (sights.some((sight) => sight.daemon === daemon.name && has(sight.apps)) ||
        has(readDump(dumpFile(daemon.home)) ?? [])),
  );
}
