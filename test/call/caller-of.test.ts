import { expect, it } from 'vitest';
import { callerFrom } from '../../src/call/caller-of.ts';
import { personOf } from '../../src/identity/caller.ts';
import { callersHomeDirectories } from '../../src/identity/callers-homes.ts';
import { asUid } from '../../src/runtime/brands.ts';
import { account } from '../identity/account.ts';

/** @param homeDirectory of the account; null: there is no account */
function chooses(env: NodeJS.ProcessEnv, homeDirectory: string | null = '/home/ann'): boolean {
  const found = homeDirectory === null ? null : { ...account('ann', 1234), homeDirectory };
  return callerFrom(personOf(asUid(1234), found, env), env, 7, '/srv', { daemons: [] }).pm2HomeChosen;
}

it.each([{}, { HOME: '' }, { HOME: '/home/ann' }, { HOME: '/home/ann/' }, { HOME: '/home//ann/.' }, { PM2_HOME: '' }])(
  'a call that chooses no PM2_HOME: %o',
  (env) => {
    expect(chooses(env)).toBe(false);
    expect(chooses(env, '/home/ann/')).toBe(false);
  },
);

it.each([{ HOME: '/home/bob' }, { HOME: 'home/ann' }, { PM2_HOME: '/home/ann/.pm2' }, { OVER_HOME: '/x' }])(
  'a call that chooses its PM2_HOME: %o',
  (env) => {
    expect(chooses(env)).toBe(true);
  },
);

it('any HOME is a choice of a caller without an account', () => {
  expect(chooses({ HOME: '/' }, null)).toBe(true);
});

it.each([{ SUDO_UID: '0' }, { PKEXEC_UID: '0' }, { DOAS_USER: 'root' }])(
  'the home directory of the user behind it counts as the one of the caller: %o',
  (env) => {
    expect(callersHomeDirectories(env, '/home/ann', '/var/www').callers).toEqual(['/home/ann', '/root']);
  },
);
