import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { checkout, createHost, type Host } from '../harness/host.ts';
import { CONFIG, OPS } from '../traps/twins.ts';
import { found, repair, startBackup, finding } from './doctor.ts';

describeOnHost('what a daemon is, and what starts it', () => {
  let host: Host;
  const config = (more = '') =>
    host.write('/etc/pm2-guard/config.yaml', CONFIG.replace('user: ops', `user: ops${more}`));
  beforeAll(async () => {
    host = await createHost({ pm2: '6.0.14' });
    await config();
    await startBackup(host);
  });
  afterAll(() => host.dispose());

  it('T10: pm2 was upgraded under it', async () => {
    expect(await found(host)).toEqual([]);
    await host.must(
      `rm -rf /usr/lib/node_modules/pm2 && cp -r ${checkout}/.cache/pm2/7.0.4/lib/node_modules/pm2 ` +
        '/usr/lib/node_modules/',
    );
    expect((await host.run('pm2 list', { user: 'ops' })).stdout).toContain('In-memory PM2 is out-of-date');
    const old = await finding(host, 'PD112');
    expect(old).toMatchObject({
      trap: 'T10',
      subject: { home: OPS },
      what: `the daemon of ops in ${OPS} is PM2 6.0.14, and not 7.0.4`,
    });
    expect(old.evidence).toEqual([
      expect.stringMatching(/^pid \d+ is PM2 6\.0\.14, started from \/usr\/lib\/node_modules\/pm2$/),
      'what lies there now is 7.0.4',
      'the pm2 of the command line (/usr/bin/pm2) is 7.0.4',
    ]);
    await repair(host, old);
    expect(await found(host)).toEqual([]);
    expect(await host.apps(OPS)).toMatchObject([{ name: 'backup', status: 'online' }]);
  });

  it('its node was replaced under it', async () => {
    await host.must('cp /usr/bin/node /usr/bin/node.new && mv /usr/bin/node.new /usr/bin/node');
    const replaced = await finding(host, 'PD113');
    expect(replaced).toMatchObject({
      urgency: 'wrong',
      what: `the node of the daemon of ops in ${OPS} was replaced under it`,
      evidence: [expect.stringMatching(/^pid \d+ runs \/usr\/bin\/node, node 22\.23\.3, and that file is no more$/)],
    });
    await repair(host, replaced);
    expect(await found(host)).toEqual([]);
  });

  it('the config pins other ones', async () => {
    const cache = `${checkout}/.cache`;
    await config(
      `\n    node: ${cache}/node/20.20.2/bin/node\n    pm2: ${cache}/pm2/5.4.3/lib/node_modules/pm2/bin/pm2`,
    );
    expect((await finding(host, 'PD113')).evidence[1]).toBe(
      `/etc/pm2-guard/config.yaml pins ${cache}/node/20.20.2/bin/node`,
    );
    expect((await finding(host, 'PD112')).evidence.slice(1)).toEqual([
      `the pm2 that /etc/pm2-guard/config.yaml pins (${cache}/pm2/5.4.3/lib/node_modules/pm2/bin/pm2) is 5.4.3`,
    ]);
    await config();
  });
});
