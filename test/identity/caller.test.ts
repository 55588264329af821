import { describe, expect, it } from 'vitest';
import { personOf } from '../../src/identity/caller.ts';
import { asUid } from '../../src/runtime/brands.ts';
import { account } from './account.ts';

const root = account('root', 0);
const web = account('www-data', 33);
const by = (euid: number, env: NodeJS.ProcessEnv, loginUser: string | null = null) => {
  const { login, rootBySudo } = personOf(asUid(euid), euid === 0 ? root : web, env, loginUser);
  return { login, rootBySudo };
};

describe('who became the caller', () => {
  it.each([
    ['sudo, run0', { SUDO_UID: '1000', SUDO_USER: 'deploy' }, null, 'deploy'],
    ['sudo, of a user who had become another before', { SUDO_UID: '1000', SUDO_USER: 'deploy' }, 'alice', 'deploy'],
    ['doas in a service or a container', { DOAS_USER: 'deploy' }, null, 'deploy'],
    ['pkexec there', { PKEXEC_UID: '1000' }, null, '#1000'],
    ['doas, and the kernel knows who logged in', { DOAS_USER: 'deploy' }, 'deploy', 'deploy'],
    ['su, and a variable that its user had set', { DOAS_USER: 'bob' }, 'alice', 'alice'],
    ['su', {}, 'alice', 'alice'],
  ])('root by %s', (_, env, loginUser, login) => {
    expect(by(0, env, loginUser)).toEqual({ login, rootBySudo: true });
  });

  it("root's login, and root without sudo, has no login user", () => {
    expect(by(0, {})).toEqual({ login: null, rootBySudo: false });
    expect(by(0, { DOAS_USER: 'root' })).toEqual({ login: null, rootBySudo: false });
    expect(by(0, { SUDO_UID: '0', SUDO_USER: 'root' })).toEqual({ login: null, rootBySudo: false });
  });

  it('another user cannot name a third one as who typed it', () => {
    expect(by(33, { DOAS_USER: 'bob' })).toEqual({ login: null, rootBySudo: false });
    expect(by(33, { PKEXEC_UID: '1001' })).toEqual({ login: null, rootBySudo: false });
    expect(by(33, { DOAS_USER: 'bob' }, 'alice')).toEqual({ login: 'alice', rootBySudo: false });
    expect(by(33, { DOAS_USER: 'alice' }, 'alice')).toEqual({ login: 'alice', rootBySudo: false });
  });
});
