import { asPm2Home } from '../../src/runtime/brands.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startupWords } from '../../src/pm2/startup-words.ts';
import { quoteCommand } from '../../src/terminal/shown.ts';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';

describeOnHost('the command that writes a boot unit', () => {
  const hosts: Host[] = [];
  const versions = ['5.4.3', '6.0.14', '7.0.4'] as const;
  beforeAll(async () => {
    hosts.push(...(await Promise.all(versions.map((pm2) => createHost({ pm2 })))));
  });
  afterAll(() => Promise.all(hosts.map((host) => host.dispose())));

  const homes: [pm2Home: string, words: string][] = [
    ['/home/ops/.pm2', 'sudo pm2 startup systemd -u ops --hp /home/ops'],
    ['/srv/ops/pm2home', 'sudo env PM2_HOME=/srv/ops/pm2home pm2 startup systemd -u ops'],
    ['/srv/ops/.pm2/blue', 'sudo env PM2_HOME=/srv/ops/.pm2/blue pm2 startup systemd -u ops'],
    ['/srv/ops/x.pm2', 'sudo env PM2_HOME=/srv/ops/x.pm2 pm2 startup systemd -u ops'],
    ['/.pm2', 'sudo pm2 startup systemd -u ops --hp /'],
  ];
  it.each(homes)('names the PM2_HOME %s, says each PM2', async (pm2Home, words) => {
    expect(quoteCommand(startupWords('ops', asPm2Home(pm2Home)))).toBe(words);
    for (const host of hosts) {
      await host.standInSystemctl();
      await host.must(words, { user: 'deploy', cwd: '/', env: { PM2_HOME: '/home/deploy/elsewhere' } });
      const unit = await host.read('/etc/systemd/system/pm2-ops.service');
      expect(unit.split('\n').filter((line) => /^(User|Environment=PM2_HOME)=/.test(line))).toEqual([
        'User=ops',
        `Environment=PM2_HOME=${pm2Home}`,
      ]);
    }
  });
});
