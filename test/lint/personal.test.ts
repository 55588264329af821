import { describe, expect, it } from 'vitest';
import { said } from './linting.ts';

const WEB = 'daemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: [myapp] }\n';
/** A group that this machine has not: its members are known on another host only. */
const GROUP = `${WEB}personal: ["site*", "%clients-elsewhere"]\n`;
/** On every Debian, root is in the group root. The account daemon has the primary group daemon. */
const HERE = `${WEB}personal: ["%daemon"]\n`;

const lints =
  (config: string, text: string, ...expected: string[]) =>
  async () => {
    expect(await said(text, config)).toEqual(expected);
  };

describe('users with a daemon of their own (personal)', () => {
  it('by name: their own daemon is as if it were declared', lints(GROUP, 'sudo -u site7 pm2 start x.js'));
  it("by name: an app of a declared daemon's is no app of theirs", async () => {
    expect(await said('sudo -u site7 pm2 restart myapp', GROUP)).toEqual(['1 wrong PL001']);
  });
  it('startup for one of them', lints(GROUP, 'sudo pm2 startup systemd -u site7 --hp /home/site7'));
  it('another PM2_HOME than theirs', async () => {
    expect(await said('sudo -u site7 env PM2_HOME=/srv/x pm2 start x.js', GROUP)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^1 (wrong|risky) PL002$/)]),
    );
  });
  it(
    'a group of another host: who is in it cannot be told',
    lints(GROUP, 'sudo -u alice pm2 start x.js', '1 unknown PL024'),
  );
  it(
    'a group of another host: what is wrong for members and for others is wrong',
    lints(GROUP, 'sudo -u alice pm2 restart myapp', '1 wrong PL001'),
  );
  it('root is in no group that counts', async () => {
    const withRoot = `${WEB}personal: ["%root"]\n`;
    expect(await said('sudo pm2 restart myapp', withRoot)).toEqual(['1 wrong PL001']);
  });
  it('a group of this machine: a member', lints(HERE, 'sudo -u daemon pm2 start x.js'));
  it('a group of this machine: another user is no member', async () => {
    expect(await said('sudo -u games pm2 start x.js', HERE)).not.toEqual([]);
  });
  it('a file that names no user may be for any of them', async () => {
    expect(await said('pm2 start x.js', HERE)).toEqual(['1 unknown PL024']);
    expect(await said('pm2 restart myapp', HERE)).toEqual(['1 risky PL003']);
  });
});
