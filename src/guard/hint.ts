import { dumpFile } from '../pm2/home.ts';
import { readDump } from '../pm2/dump.ts';
import type { ResolvedCall } from '../call/resolve-call.ts';
import type { App } from '../pm2/invocation.ts';
import type { Daemon, Policy } from '../policy/policy.ts';
import { commandFor } from '../verdict/suggestion.ts';
import type { Sight } from '../verdict/verdict.ts';
import { commandLineHere } from '../terminal/root-command.ts';
import { say } from './report.ts';

/** PM2's messages for an unknown name (_operate and scale in lib/API.js, describe in API/Extra.js), 5.4 to 7.0. */
const NOT_FOUND = /(?:Process|Namespace|Application) .*not found|doesn't exist/;

/** After PM2 printed "not found", adds the app's daemon and the right command. PM2's output is unchanged. */
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
      otherDaemonsWith(name, landed, policy, evidence.sights ?? []).map((daemon) => ({ name, daemon })),
    );
    say(
      found.map(
        ({ name, daemon }) =>
          `pm2-guard: ${name} is in daemon "${daemon.name}" (user ${daemon.user}, PM2_HOME ${daemon.pm2Home}):  ` +
          commandLineHere(commandFor(daemon, caller, invocation.argv)),
      ),
    );
  });
}

function otherDaemonsWith(name: string, landed: Daemon, policy: Policy, sights: readonly Sight[]): Daemon[] {
  const has = (apps: readonly App[]) => apps.some((app) => app.name === name || app.namespace === name);
  return policy.daemons.filter(
    (daemon) =>
      daemon.name !== landed.name &&
      (sights.some((sight) => sight.daemon === daemon.name && has(sight.apps)) ||
        has(readDump(dumpFile(daemon.pm2Home)) ?? [])),
  );
}
