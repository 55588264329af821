import type { Host, RunOptions } from '../harness/host.ts';

/** One message: who types what in which situation. */
export interface Scene {
  name: string;
  line: string;
  options?: RunOptions;
  /** Before it; undone by the next `prepare` or left. */
  prepare?: (host: Host) => Promise<unknown>;
  /** `deploy`: what deploy types, through the real sudo where the line says so. */
  user?: string;
}

export const CONFIG = `\
default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp, "shop-*"]
    paths: [/var/www/html]
    operators: [carol]
  ops:
    user: ops
    apps: [backup]
contact: "ops on call, #ops"
`;
const BLOCKING = `mode: block\n${CONFIG}`;
const config = (text: string) => (host: Host) => host.write('/etc/pm2-guard/config.yaml', text);
const TWO = CONFIG.replace('apps: [backup]', 'apps: [backup, myapp]');

/** All that a person can be told, in the order of the codes. */
export const SCENES: Scene[] = [
  { name: 'wrong user, mode block', line: 'sudo pm2 restart myapp', user: 'deploy', prepare: config(BLOCKING) },
  { name: 'wrong user, mode block, a new app', line: 'pm2 start /srv/new/app.js --name newthing' },
  { name: 'wrong user, mode block, it would end', line: 'pm2 delete myapp' },
  { name: 'wrong PM2_HOME, mode block', line: 'pm2 list', user: 'www-data', options: { env: { PM2_HOME: '/tmp/x' } } },
  { name: 'startup put right, mode block', line: 'pm2 startup systemd -u www-data' },
  { name: 'rewritten', line: 'sudo pm2 restart myapp', user: 'deploy', prepare: config(CONFIG) },
  { name: 'rewritten, by default', line: 'pm2 restart nosuchapp' },
  { name: 'a stranger, a list', line: 'pm2 list', user: 'alice' },
  { name: 'a stranger, a start', line: 'pm2 start /srv/new/app.js', user: 'alice' },
  { name: 'a stranger, an app', line: 'pm2 restart myapp', user: 'alice' },
  { name: 'an operator without rights yet', line: 'pm2 restart myapp', user: 'carol' },
  { name: "a daemon's user, another daemon's app", line: 'pm2 restart backup', user: 'www-data' },
  { name: 'two owners', line: 'sudo pm2 restart myapp backup --update-env', user: 'deploy' },
  { name: 'one name in two daemons', line: 'pm2 restart myapp', prepare: config(TWO) },
  { name: 'kill, root has no daemon', line: 'pm2 kill', prepare: config(CONFIG) },
  { name: 'an id', line: 'pm2 stop 0' },
  { name: 'delete all by sudo', line: 'sudo pm2 delete all', user: 'deploy' },
  {
    name: 'kill, root has a stray',
    line: 'pm2 kill',
    prepare: (host) => host.must('PM2_GUARD=off pm2 start /srv/new/app.js --name old-job'),
  },
  { name: 'restart all, root has a stray', line: 'sudo pm2 restart all', user: 'deploy' },
  { name: 'stop of an app that no daemon has', line: 'pm2 stop typo' },
  {
    name: "the app also runs in root's stray",
    line: 'pm2 delete myapp',
    prepare: (host) => host.must('PM2_GUARD=off pm2 start /srv/new/app.js --name myapp'),
  },
  { name: 'a read, root has a stray', line: 'pm2 list >/dev/null' },
  { name: 'an app of the stray alone', line: 'pm2 restart old-job >/dev/null' },
  {
    name: 'a PM2_HOME that is not declared',
    line: 'PM2_HOME=/home/alice/.pm2 pm2 delete all',
    prepare: (host) => host.must('PM2_GUARD=off pm2 ping', { user: 'alice' }),
  },
  { name: 'a PM2_HOME where nothing lives', line: 'sudo PM2_HOME=/srv/x pm2 start /srv/new/app.js', user: 'deploy' },
  {
    name: 'no default',
    line: 'pm2 start /srv/new/app.js --name orphan',
    prepare: config(CONFIG.replace('default: web\n', '')),
  },
  {
    name: 'startup for a user without a daemon',
    line: 'pm2 startup systemd -u alice --hp /home/alice',
    prepare: config(CONFIG),
  },
  { name: 'startup put right', line: 'pm2 startup systemd -u www-data >/dev/null' },
  { name: 'as another user', line: 'pm2 start /srv/new/app.js --name shop-x --uid alice' },
  { name: 'as another user, by a process file', line: 'pm2 start /srv/new/eco.json' },
  { name: 'a script that the owner cannot read', line: 'pm2 start /root/app.js --name shop-z' },
  {
    name: 'a directory that the owner cannot enter',
    line: 'pm2 start app.js --name shop-z',
    options: { cwd: '/root/p' },
  },
  {
    name: 'a broken config, with a last good policy',
    line: 'pm2 jlist >/dev/null',
    prepare: config(CONFIG.replace('default: web', 'default: wbe')),
  },
  {
    name: 'a broken config, without one',
    line: 'pm2 restart myapp',
    prepare: (host) => host.must('rm /var/lib/pm2-guard/policy.json'),
  },
  {
    name: 'a config that others can write',
    line: 'pm2 restart myapp',
    prepare: async (host) => {
      await config(CONFIG)(host);
      await host.must('chmod 666 /etc/pm2-guard/config.yaml');
    },
  },
  {
    name: 'no real pm2',
    line: 'pm2 list',
    prepare: async (host) => {
      await host.must('chmod 644 /etc/pm2-guard/config.yaml; rm -r /usr/lib/node_modules/pm2');
    },
  },
];

/** A host on which all of it can be said. */
export async function prepare(host: Host): Promise<void> {
  await host.write('/srv/new/app.js', 'setInterval(() => {}, 1e6)');
  await host.write('/srv/new/eco.json', '{"apps": [{"name": "myapp", "script": "/srv/new/app.js", "user": "alice"}]}');
  await host.write('/root/app.js', '');
  await host.write('/root/p/app.js', '');
  await host.installGuard(CONFIG);
  await host.must('pm2 start /srv/new/app.js --name myapp && pm2 start /srv/new/app.js --name shop-a -f', {
    user: 'www-data',
    env: { PM2_HOME: '/var/www/.pm2' },
    cwd: '/srv',
  });
  await host.must('pm2 start /srv/new/app.js --name backup', { user: 'ops' });
}
