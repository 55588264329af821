import { expect, it } from 'vitest';
import { describeOnHost } from '../harness/describe.ts';
import type { Host } from '../harness/host.ts';
import { daemonsOn, twins } from './twins.ts';

const stages = ['staging', 'prod'];
const declared = (name: string) => `  ${name}:\n    user: ${name}\n    apps: [api]\n    paths: [/srv/${name}]\n`;
const config = `daemons:\n${stages.map(declared).join('')}`;
const homeOf = (stage: string) => `/home/${stage}/.pm2`;

describeOnHost('T35: one name in two daemons, on purpose', () => {
  const hosts = twins(config, { users: stages }, async (host) => {
    for (const name of stages) {
      await host.write(`/srv/${name}/api.js`, 'setInterval(() => {}, 1000);', { owner: name });
      await host.must('pm2 start api.js', { user: name, cwd: `/srv/${name}` });
    }
  });
  const restarts = async (host: Host): Promise<Record<string, number | undefined>> =>
    Object.fromEntries(
      await Promise.all(stages.map(async (name) => [name, (await host.apps(homeOf(name)))[0]?.restarts] as const)),
    );

  it("plain: a name alone finds what the caller's environment says, or a third copy is started", async () => {
    await hosts.plain.must('sudo pm2 restart api || sudo pm2 start api.js', { user: 'deploy', cwd: '/srv/staging' });
    expect(hosts.plain.daemons()).toHaveLength(3);
    await hosts.plain.must(`sudo PM2_HOME=${homeOf('prod')} pm2 restart api`, { user: 'deploy', cwd: '/srv/staging' });
    expect(await restarts(hosts.plain)).toEqual({ staging: 0, prod: 1 });
  });

  it('guarded: nothing says which is meant', async () => {
    const { status, stdout, stderr } = await hosts.guarded.run('sudo pm2 restart api', { user: 'deploy', cwd: '/' });
    expect({ status, stdout }).toEqual({ status: 126, stdout: '' });
    for (const name of stages) expect(stderr).toContain(`sudo -u ${name} PM2_HOME=${homeOf(name)} pm2 restart api`);
    expect(await restarts(hosts.guarded)).toEqual({ staging: 0, prod: 0 });
  });

  it('guarded: the user says it', async () => {
    expect(await hosts.guarded.run('pm2 restart api', { user: 'prod' })).toMatchObject({ status: 0, stderr: '' });
    expect(await restarts(hosts.guarded)).toEqual({ staging: 0, prod: 1 });
  });

  it('guarded: the directory says it', async () => {
    expect(await hosts.guarded.run('sudo pm2 restart api', { user: 'deploy', cwd: '/srv/staging' })).toMatchObject({
      status: 0,
    });
    expect(await restarts(hosts.guarded)).toEqual({ staging: 1, prod: 1 });
    expect(daemonsOn(hosts.guarded)).toHaveLength(2);
  });

  it('guarded: the directory says it, also where the config names it by a symlink', async () => {
    await hosts.guarded.must('mkdir /data && mv /srv/prod /data/live && ln -s /data/live /srv/prod', { cwd: '/' });
    expect(await hosts.guarded.run('sudo pm2 restart api', { user: 'deploy', cwd: '/srv/prod' })).toMatchObject({
      status: 0,
    });
    expect(await restarts(hosts.guarded)).toEqual({ staging: 1, prod: 2 });
    expect(daemonsOn(hosts.guarded)).toHaveLength(2);
  });
});
