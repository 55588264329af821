import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import { createHost, type Host } from '../harness/host.ts';
import { CONFIG } from '../traps/twins.ts';
import { codes, finding, findings, repair } from './doctor.ts';

const containing = (text: string): string => expect.stringContaining(text) as string;
const LIBRARY = '/usr/local/lib/pm2-guard';

describeOnHost('doctor looks at what root runs', () => {
  let host: Host;
  beforeAll(async () => {
    host = await createHost();
  });
  afterAll(() => host.dispose());

  it('PD601: not installed, then not whole, then of a node that is gone', async () => {
    expect(await finding(host, 'PD601')).toMatchObject({ repair: [['sudo', './install.sh']] });
    await host.installGuard(CONFIG);
    await host.must('pm2-guard sudoers --write');
    expect(await codes(host)).toEqual([]);
    await host.must(`rm ${LIBRARY}/bin/../sudo.cjs && ln -sfn /nowhere ${LIBRARY}/node`);
    expect(await finding(host, 'PD601')).toMatchObject({
      what: 'the installation of pm2-guard is not whole',
      evidence: [containing('sudo.cjs is not there'), `${LIBRARY}/node leads nowhere`],
    });
    await host.installGuard(CONFIG);
    expect(await codes(host)).toEqual([]);
  });

  it('PD602: others can change the guard', async () => {
    await host.must(`chmod g+w ${LIBRARY}/bin/../pm2.cjs && chown ops /var/lib/pm2-guard`);
    const found = (await findings(host)).filter(({ code }) => code === 'PD602');
    expect(found.map(({ subject }) => subject.path)).toEqual(['/var/lib/pm2-guard', containing('/pm2.cjs')]);
    expect(found.map(({ urgency }) => urgency)).toEqual(['urgent', 'urgent']);
    for (const one of found) await repair(host, one);
    expect(await codes(host)).toEqual([]);
  });

  it('PD603: a config that cannot be used', async () => {
    await host.write('/etc/pm2-guard/config.yaml', 'default: [\n');
    expect(await finding(host, 'PD603')).toMatchObject({
      what: containing('the last good one holds'),
      subject: { path: '/etc/pm2-guard/config.yaml' },
    });
    await host.write('/etc/pm2-guard/config.yaml', CONFIG);
    expect(await codes(host)).not.toContain('PD603');
  });

  it('PD604: a way that leads to another pm2', async () => {
    await host.must('rm -f /etc/profile.d/pm2-guard.sh /usr/local/bin/pm2 /usr/local/sbin/pm2');
    expect(await finding(host, 'PD604')).toMatchObject({
      evidence: expect.arrayContaining([containing('login shell: /usr/bin/pm2 comes first')]) as string[],
    });
    await host.must('pm2-guard install');
    expect(await codes(host)).not.toContain('PD604');
  });

  it("PD605: operators' rights that were changed by hand", async () => {
    await host.must('echo "alice ALL=(ALL) NOPASSWD: ALL" >> /etc/sudoers.d/pm2-guard-operators');
    const found = await finding(host, 'PD605');
    expect(found).toMatchObject({
      urgency: 'wrong',
      evidence: [containing('grants something else than the config asks for')],
    });
    await repair(host, found);
    expect(await codes(host)).toEqual([]);
  });

  it("PD606: a seal that an upgrade of npm's has undone", async () => {
    await host.must('cp -r /usr/lib/node_modules/pm2 /srv/pm2 && pm2-guard seal');
    expect(await codes(host)).toEqual([]);
    await host.must('rm -r /usr/lib/node_modules/pm2 && cp -r /srv/pm2 /usr/lib/node_modules/pm2'); // what npm does
    const found = await finding(host, 'PD606');
    expect(found).toMatchObject({
      evidence: ["PM2 7.0.4: its bin/pm2 is PM2's own"],
      subject: { path: '/usr/lib/node_modules/pm2' },
    });
    await repair(host, found);
    expect(await codes(host)).toEqual([]);
    await host.must('pm2-guard unseal');
  });

  it('PD501: a pm2 that others can change, in any of its files', async () => {
    await host.must('chown deploy /usr/lib/node_modules/pm2/lib/God/ForkMode.js');
    const found = await finding(host, 'PD501');
    expect(found).toMatchObject({
      urgency: 'urgent',
      evidence: expect.arrayContaining([
        `/usr/lib/node_modules/pm2/lib/God/ForkMode.js is owned by uid ${host.account('deploy').uid}, not by root`,
      ]) as string[],
    });
    await repair(host, found);
    expect(await codes(host)).toEqual([]);
  });

  it('PD501: a writable directory of code counts, also one called lodash.map; documentation does not', async () => {
    const modules = '/usr/lib/node_modules/pm2/node_modules';
    await host.must(`chmod o+w /usr/lib/node_modules/pm2/README.md && mkdir -p ${modules}/lodash.map`);
    expect(await codes(host)).toEqual([]);
    await host.must(`echo > ${modules}/lodash.map/index.js && chown deploy ${modules}/lodash.map/index.js`);
    expect(await finding(host, 'PD501')).toMatchObject({
      evidence: expect.arrayContaining([containing(`${modules}/lodash.map/index.js is owned by uid`)]) as string[],
    });
    await host.must(`rm -r ${modules}/lodash.map`);
  });

  it("PD501, PD502: a unit of root's with the pm2 and node of a user's nvm; PD503: of another version", async () => {
    const nvm = '/home/deploy/.nvm/versions/node/v22.0.0';
    await host.must(
      `mkdir -p ${nvm}/bin ${nvm}/lib/node_modules && cp /usr/bin/node ${nvm}/bin/ && cp -r /srv/pm2 ` +
        `${nvm}/lib/node_modules/ && ln -s ../lib/node_modules/pm2/bin/pm2 ${nvm}/bin/pm2 && chown -R deploy: ` +
        '/home/deploy/.nvm',
    );
    await host.must(`sed -i 's/"version": "7.0.4"/"version": "6.0.1"/' ${nvm}/lib/node_modules/pm2/package.json`);
    expect(await codes(host)).toEqual(['PD503']);
    expect(await finding(host, 'PD503')).toMatchObject({
      evidence: expect.arrayContaining([
        `6.0.1  ${nvm}/lib/node_modules/pm2/bin/pm2`,
        '7.0.4  /usr/lib/node_modules/pm2/bin/pm2',
      ]) as string[],
    });
    await host.standInSystemctl();
    await host.must(`PM2_GUARD=off ${nvm}/bin/pm2 startup systemd -u root --hp /root`, {
      env: { PATH: `${nvm}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
    });
    await host.must(
      'mkdir -p /etc/systemd/system/multi-user.target.wants && ln -s ../pm2-root.service ' +
        '/etc/systemd/system/multi-user.target.wants/',
    );
    const uid = host.account('deploy').uid;
    for (const [code, file] of [
      ['PD501', `${nvm}/lib/node_modules/pm2/bin/pm2`],
      ['PD502', `${nvm}/bin/node`],
    ] as const) {
      expect(await finding(host, code)).toMatchObject({
        subject: { path: file },
        evidence: [`/home/deploy is owned by uid ${uid}, not by root`, 'pm2-root.service starts it as root at boot'],
      });
    }
    await repair(host, await finding(host, 'PD503'));
    expect(await codes(host)).not.toContain('PD503');
  });
});
