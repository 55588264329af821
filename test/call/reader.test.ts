import { describe, expect, it } from 'vitest';
import { readerOf, type Purpose } from '../../src/call/resolve-call.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import type { Daemon } from '../../src/policy/policy.ts';
import { commandFor } from '../../src/verdict/suggestion.ts';
import { callerFrom } from '../verdict/cases.ts';
import { policyFrom } from '../verdict/policies.ts';

const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';
const policy = policyFrom('daemons:\n  site: {user: pm2, home: /srv/pm2}\n  jobs: {user: ops}\n');

function daemonNamed(name: string): Daemon {
  const found = policy.daemons.find((daemon) => daemon.name === name);
  if (found === undefined) throw new Error(`no daemon ${name}`);
  return found;
}

/** What a block prints for `pm2 restart pm2` in this daemon. */
function printed(who: string, name: string, refused: readonly Purpose[]): string | null {
  const { caller, env } = callerFrom(who);
  const argv = ['restart', 'pm2'];
  const invocation = interpret(argv, { major: 7, env, cwd: '/' });
  const reader = readerOf(
    { invocation, caller, policy },
    (_daemon, _caller, purpose) => (refused.includes(purpose) ? ['no'] : null),
    null,
  );
  const daemon = daemonNamed(name);
  return reader.asAllowed(commandFor(daemon, caller, argv), daemon)?.join(' ') ?? null;
}

describe('a printed command', () => {
  it.each<[string, readonly Purpose[], string | null]>([
    ['all', [], 'sudo -u pm2 PM2_HOME=/srv/pm2 pm2 restart pm2'],
    ['the path only', ['by name'], `sudo -u pm2 PM2_HOME=/srv/pm2 ${SHIM} restart pm2`],
    ['no variables', ['to set'], `sudo -u pm2 ${SHIM} --pm2-guard-daemon=site restart pm2`],
    ['nothing', ['to tell'], null],
  ])('for a user called pm2, where sudo allows: %s', (_what, refused, line) => {
    expect(printed('deploy', 'site', refused)).toBe(line);
    expect(printed('deploy>root', 'site', refused)).toBe(line);
  });

  it('needs no sudo for a caller who typed sudo and owns the daemon', () => {
    expect(printed('ops>root', 'jobs', ['to tell'])).toBe('PM2_HOME=/home/ops/.pm2 pm2 restart pm2');
    expect(printed('deploy>root', 'jobs', ['to tell'])).toBeNull();
  });
});
