import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/pm2/interpret.ts';
import { forReader } from '../../src/verdict/for-reader.ts';
import type { Block } from '../../src/verdict/verdict.ts';
import { advice, callerFrom, decided } from './cases.ts';
import { policyFrom } from './policies.ts';
import { NO_DEFAULT } from './rows.ts';

const NO_RIGHTS = { mayBecome: () => false, asAllowed: () => null };

/** What a caller without the right to become any user reads of a block. */
function read(who: string, line: string, isOperator = false): Block {
  const verdict = decided(policyFrom(NO_DEFAULT), who, line, {
    files: new Map(),
    sights: [],
    own: { state: 'none', user: null, apps: [] },
  });
  if (verdict.type !== 'block') throw new Error(`${line}: ${verdict.type}`);
  const { caller, env } = callerFrom(who);
  const invocation = interpret(line.split(' '), { major: 7, env, cwd: '/' });
  return forReader(verdict, { invocation, caller, policy: policyFrom(NO_DEFAULT), ...NO_RIGHTS, isOperator });
}

describe('a user without a daemon', () => {
  it.each(['startup', 'startup -u nosuch', 'startup systemd --hp /home/nosuch', 'start /tmp/x.js', 'list'])(
    'reads nothing of the daemons of others: %s',
    (line) => {
      const told = read('alice', line);
      expect(JSON.stringify(told)).not.toMatch(/www-data|\/home\/ops|config\.yaml/);
      expect(told.advice).toEqual([{ label: 'ask', who: 'an administrator of this host', command: null }]);
    },
  );
  it('reads them as an operator of one', () => {
    expect(JSON.stringify(read('alice', 'startup', true))).toContain('www-data');
  });
  it('reads them as the user of one', () => {
    expect(advice(read('ops', 'startup -u www-data -u nosuch'))).toEqual([]);
    expect(JSON.stringify(read('ops', 'startup -u nosuch'))).toContain('www-data');
  });
});
