import { describe, expect, it } from 'vitest';
import { advice, decided } from './cases.ts';
import { policyFrom } from './policies.ts';
import { NO_DEFAULT, WEB, WITH_ROOT, TWO_HOMES, row, web, rooted, is } from './rows.ts';

describe('startup, unstartup and logrotate (section 3.7, T25)', () => {
  is('both right', web('root', 'startup systemd -u www-data --hp /var/www'), 'pass web');
  is('a slash at its end', web('root', 'startup systemd -u www-data --hp /var/www/'), 'pass web');
  is('a uid', web('root', 'startup systemd -u 33 --hp /var/www'), 'pass web');
  is('no --hp', web('deploy>root', 'startup systemd -u www-data'), 'rewrite web');
  is('the wrong --hp', web('root', 'startup -u www-data --hp /root'), 'rewrite web');
  is('no -u', web('root', 'startup --hp /home/ops'), 'rewrite ops');
  is('neither: the default', web('deploy>root', 'startup'), 'rewrite web');
  is('neither, as a declared root: right already', rooted('deploy>root', 'startup'), 'pass rootd');
  is('-u alone, as a declared root: right already', rooted('root', 'startup -u root'), 'pass rootd');
  is('the same in block mode', row(`mode: block\n${WITH_ROOT.trimStart()}`)('root', 'startup'), 'pass rootd');
  is("the daemon's own user", web('ops', 'startup'), 'pass ops');
  is("without root, for another's daemon", web('ops', 'startup systemd -u www-data --hp /var/www'), 'rewrite web');
  is('a user without a daemon', web('root', 'startup -u alice --hp /home/alice'), 'block PG106');
  is('a PM2_HOME without a daemon', web('root', 'startup --hp /home/alice'), 'block PG106');
  is('in block mode', row(`mode: block\n${WEB.trimStart()}`)('root', 'startup -u www-data'), 'block PG107');
  is('several daemons', row(TWO_HOMES)('root', 'startup -u deploy'), 'block PG106');
  is('several daemons, one named', row(TWO_HOMES)('root', 'startup -u deploy --hp /srv/green'), 'rewrite green');
  is('unstartup of a declared daemon', web('root', 'unstartup systemd -u www-data --hp /var/www'), 'pass web');
  is('unstartup needs no --hp', web('root', 'unstartup -u www-data'), 'pass web');
  is('unstartup of an undeclared daemon', web('root', 'unstartup systemd -u alice --hp /home/alice'), 'pass PG008');
  is('unstartup of root, who is not declared', web('root', 'unstartup systemd -u root --hp /root'), 'pass PG008');
  is('bare unstartup, root has a unit', web('deploy>root', 'unstartup', { rootUnit: true }), 'pass PG008');
  is('bare unstartup, root has none', web('deploy>root', 'unstartup'), 'block PG109');
  is('bare unstartup, root is declared', rooted('deploy>root', 'unstartup systemd'), 'pass rootd');
  is("bare unstartup of the daemon's own user", web('ops', 'unstartup'), 'pass ops');
  is('logrotate for a declared user', web('root', 'logrotate -u www-data'), 'rewrite web');
  is('logrotate, right already', web('root PM2_HOME=/var/www/.pm2', 'logrotate -u www-data'), 'pass web');
  is('logrotate without a user: the default', web('root', 'logrotate'), 'rewrite web');
  is('logrotate for an undeclared user', web('root', 'logrotate -u alice'), 'block PG106');
  is('logrotate of a user', web('ops', 'logrotate'), 'pass PG009');
  is("deepUpdate stays root's", web('deploy>root', 'deepUpdate'), 'pass PG009');
  it.each(['startup', 'startup systemd', 'logrotate'])('shows each daemon where nothing says which: %s', (line) => {
    const asked = decided(policyFrom(NO_DEFAULT), 'deploy>root', line);
    expect(asked).toMatchObject({ type: 'block', code: 'PG106' });
    expect(JSON.stringify(asked)).not.toContain('declare a daemon');
    const hp = line === 'logrotate' ? ['', ''] : [' --hp /home/ops', ' --hp /var/www'];
    expect(advice(asked).map((one) => one.replace(/^.*? -u /, '-u '))).toEqual([
      `-u ops${hp[0] ?? ''}`,
      `-u www-data${hp[1] ?? ''}`,
    ]);
  });

  it('fills in what is missing', () => {
    const filled = (config: string, line: string) => decided(policyFrom(config), 'deploy>root', line);
    expect(filled(WEB, 'startup systemd')).toMatchObject({
      type: 'rewrite',
      argv: ['startup', 'systemd', '-u', 'www-data', '--hp', '/var/www'],
    });
    // PM2 takes --hp before PM2_HOME, and appends .pm2 to it.
    const other = WEB.replace('user: ops', 'user: ops\n    home: /srv/ops/pm2home');
    expect(filled(other, 'startup systemd -u ops --hp /home/ops')).toMatchObject({
      type: 'rewrite',
      argv: ['startup', 'systemd', '-u', 'ops'],
    });
    const blocking = `mode: block\n${other.trimStart()}`;
    expect(advice(filled(blocking, 'startup systemd -u ops --hp /home/ops'))).toEqual([
      'sudo PM2_HOME=/srv/ops/pm2home pm2 startup systemd -u ops',
    ]);
  });

  it('gives the units of two daemons of one user two names', () => {
    const two = `
default: shop
daemons:
  shop:
    user: deploy
  preview:
    user: deploy
    home: /srv/preview/.pm2
  nightly:
    user: deploy
    home: /srv/nightly/pm2
`;
    const line = (typed: string, config = two) => {
      const verdict = decided(policyFrom(config), 'root', typed);
      return verdict.type === 'rewrite'
        ? verdict.argv.join(' ')
        : verdict.type === 'pass'
          ? `pass ${verdict.daemon?.name ?? '-'}`
          : verdict.type;
    };
    expect(line('startup systemd -u deploy --hp /home/deploy')).toBe('pass shop');
    expect(line('startup systemd -u deploy --hp /srv/preview')).toBe(
      'startup systemd -u deploy --hp /srv/preview --service-name pm2-preview',
    );
    expect(line('startup -u deploy --hp /srv/preview --service-name pm2-deploy')).toBe(
      'startup -u deploy --hp /srv/preview --service-name pm2-preview',
    );
    expect(line('startup -u deploy --hp /srv/preview --service-name pm2-nightly')).toBe(
      'startup -u deploy --hp /srv/preview --service-name pm2-preview',
    );
    expect(line('startup -u deploy --hp /srv/preview --service-name staging')).toBe('pass preview');
    expect(line('unstartup systemd -u deploy')).toBe('pass shop');
    expect(line('unstartup systemd -u deploy --hp /home/deploy')).toBe('pass shop');
    expect(line('unstartup systemd -u deploy --hp /srv/preview')).toBe(
      'unstartup systemd -u deploy --service-name pm2-preview',
    );
    expect(line('unstartup -u deploy --service-name pm2-nightly')).toBe('pass nightly');
    expect(line('unstartup -u deploy --hp /srv/preview --service-name pm2-nightly')).toBe(
      'unstartup -u deploy --service-name pm2-preview',
    );
    const said = decided(policyFrom(two), 'root', 'startup systemd -u deploy --hp /srv/preview');
    expect(said).toMatchObject({
      code: 'PG107',
      reason: expect.stringContaining(
        'would write pm2-deploy.service, which is for another daemon of deploy',
      ) as string,
    });
    const blocking = `mode: block\n${two.trimStart()}`;
    expect(advice(decided(policyFrom(blocking), 'root', 'startup -u deploy --hp /srv/preview'))).toEqual([
      'pm2 startup -u deploy --hp /srv/preview --service-name pm2-preview',
    ]);
    expect([...advice(decided(policyFrom(two), 'root', 'startup systemd -u deploy'))].sort()).toEqual([
      'PM2_HOME=/srv/nightly/pm2 pm2 startup systemd -u deploy --service-name pm2-nightly',
      'pm2 startup systemd -u deploy --hp /home/deploy',
      'pm2 startup systemd -u deploy --hp /srv/preview --service-name pm2-preview',
    ]);
  });
});
