import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pm2HomeOfUnit } from '../../src/host/homes/homes.ts';
import { allPm2Units, pm2Units } from '../../src/host/boot/units.ts';

let place = '';
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'units-'));
});
afterEach(() => {
  rmSync(place, { recursive: true });
});
const write = (name: string, text: string) => {
  mkdirSync(dirname(join(place, name)), { recursive: true });
  writeFileSync(join(place, name), text);
};
const units = () =>
  pm2Units([join(place, 'etc'), join(place, 'lib')]).map(({ name, user, pm2Home: home, enabled }) => [
    name,
    user,
    home,
    enabled,
  ]);

const cases: [what: string, text: string, user: string | null, home: string | null][] = [
  [
    'of pm2 startup',
    '[Service]\nUser=web\nEnvironment=PATH=/bin\nEnvironment=PM2_HOME=/srv/.pm2\nExecStart=/usr/bin/pm2 resurrect\n',
    'web',
    '/srv/.pm2',
  ],
  ['without a home', '[Service]\nUser=web\nExecStart=/usr/lib/node_modules/pm2/bin/pm2 resurrect\n', 'web', null],
  ['without a user', '[Service]\nEnvironment=PM2_HOME=/srv/.pm2\n', null, '/srv/.pm2'],
  [
    'with quotes and several variables',
    '[Service]\nEnvironment="A=b c" "PM2_HOME=/srv/my apps/.pm2" C=d\n',
    null,
    '/srv/my apps/.pm2',
  ],
  ['with a long line', '[Service]\nEnvironment=A=b \\\n  PM2_HOME=/srv/.pm2\n', null, '/srv/.pm2'],
  ['with a line twice', '[Service]\nUser=a\nUser=b\nEnvironment=PM2_HOME=/a\nEnvironment=PM2_HOME=/b\n', 'b', '/b'],
  [
    'that takes back',
    '[Service]\nUser=a\nUser=\nEnvironment=PM2_HOME=/a\nEnvironment=\nExecStart=/usr/bin/pm2 resurrect\n',
    null,
    null,
  ],
  ['with blanks', '[Service]\n User = web \n Environment = PM2_HOME=/a\n', 'web', '/a'],
];
it.each(cases)('a unit %s', (_, text, user, home) => {
  write('etc/pm2-x.service', text);
  expect(units()).toEqual([['pm2-x.service', user, home, false]]);
});

it('that is enabled, overridden, masked, or of another kind', () => {
  const text = '[Service]\nUser=a\nEnvironment=PM2_HOME=/a\n';
  write('lib/pm2-on.service', text);
  write('etc/multi-user.target.wants/pm2-on.service', '');
  write('lib/pm2-over.service', text);
  write('etc/pm2-over.service', text.replace('User=a', 'User=b'));
  write('lib/pm2-drop.service', text);
  write('etc/pm2-drop.service.d/10-user.conf', '[Service]\nUser=c\n');
  write('lib/pm2-masked.service', text);
  symlinkSync('/dev/null', join(place, 'etc/pm2-masked.service'));
  write('etc/nginx.service', '[Service]\nUser=www-data\n');
  write('etc/pm2.txt', text);
  expect(units()).toEqual([
    ['pm2-drop.service', 'c', '/a', false],
    ['pm2-on.service', 'a', '/a', true],
    ['pm2-over.service', 'b', '/a', false],
  ]);
});

it('that has another name too is one, and an instance has drop-ins of its own', () => {
  write('lib/pm2-web.service', '[Service]\nUser=a\nEnvironment=PM2_HOME=/a\n');
  mkdirSync(join(place, 'etc/multi-user.target.wants'), { recursive: true });
  symlinkSync('../lib/pm2-web.service', join(place, 'etc/web.service'));
  write('lib/pm2@.service', '[Service]\nUser=%i\nEnvironment=PM2_HOME=/home/%i/.pm2\n');
  write('etc/pm2@ops.service.d/10.conf', '[Service]\nEnvironment=PM2_HOME=/srv/ops\n');
  for (const instance of ['ops', 'dev']) write(`etc/multi-user.target.wants/pm2@${instance}.service`, '');
  expect(units()).toEqual([
    ['pm2-web.service', 'a', '/a', false],
    ['pm2@dev.service', 'dev', '/home/dev/.pm2', true],
    ['pm2@ops.service', 'ops', '/srv/ops', true],
  ]);
});

it('whose home is in a file of its environment', () => {
  write('env', 'PM2_HOME="/srv/in a file"\n');
  write('etc/web.service', `[Service]\nUser=web\nEnvironmentFile=-${place}/env\nExecStart=/usr/bin/node /usr/lib/x\n`);
  expect(units()).toEqual([['web.service', 'web', '/srv/in a file', false]]);
});

it('that is wanted by another of its names is enabled, and has the drop-ins of all its names', () => {
  write('lib/pm2-web.service', '[Service]\nUser=a\nEnvironment=PM2_HOME=/a\n');
  write('etc/site.service.d/10.conf', '[Service]\nUser=b\n');
  symlinkSync(join(place, 'lib/pm2-web.service'), join(place, 'etc/site.service'));
  symlinkSync('site.service', join(place, 'etc/shop.service'));
  write('etc/multi-user.target.wants/shop.service', '');
  expect(units()).toEqual([['pm2-web.service', 'b', '/a', true]]);
});

it("that is an instance's link to its template is that instance, once", () => {
  write('lib/pm2@.service', '[Service]\nUser=%i\nEnvironment=PM2_HOME=/srv/%i\n');
  mkdirSync(join(place, 'etc/multi-user.target.wants'), { recursive: true });
  symlinkSync('../lib/pm2@.service', join(place, 'etc/pm2@ops.service'));
  symlinkSync('../../lib/pm2@.service', join(place, 'etc/multi-user.target.wants/pm2@ops.service'));
  symlinkSync('../lib/pm2@.service', join(place, 'etc/web@.service'));
  symlinkSync('../../lib/pm2@.service', join(place, 'etc/multi-user.target.wants/web@dev.service'));
  expect(units()).toEqual([
    ['pm2@dev.service', 'dev', '/srv/dev', true],
    ['pm2@ops.service', 'ops', '/srv/ops', true],
  ]);
});

it('is enabled by a link whose target is gone, and by none that leads to /dev/null', () => {
  const text = '[Service]\nEnvironment=PM2_HOME=/a\n';
  for (const name of ['gone', 'hidden', 'twice']) write(`lib/${name}.service`, text);
  for (const path of ['etc', 'lib']) mkdirSync(join(place, path, 'multi-user.target.wants'), { recursive: true });
  mkdirSync(join(place, 'etc/graphical.target.wants'));
  for (const [link, target] of [
    ['etc/multi-user.target.wants/gone.service', '/nowhere/gone.service'],
    ['etc/multi-user.target.wants/hidden.service', '/dev/null'],
    ['lib/multi-user.target.wants/hidden.service', '../hidden.service'],
    ['etc/multi-user.target.wants/twice.service', '/dev/null'],
    ['etc/graphical.target.wants/twice.service', '/nowhere/twice.service'],
  ] as const)
    symlinkSync(target, join(place, link));
  expect(units().map(([name, , , enabled]) => [name, enabled])).toEqual([
    ['gone.service', true],
    ['hidden.service', false],
    ['twice.service', true],
  ]);
});

it.each([
  ["has a user of systemd's own", 'DynamicUser=yes\nEnvironment=PM2_HOME=/a'],
  ['has a user that is unknown here', 'User=%q\nEnvironment=PM2_HOME=/a'],
  ['has a variable that is unknown here', 'Environment=PM2_HOME=/srv/%m\nExecStart=/usr/bin/pm2 resurrect'],
  ['mentions PM2 in comments and in other sections only', '# PM2_HOME=/a\n[Unit]\nExecStart=pm2 resurrect'],
  ['no longer runs PM2', 'ExecStart=/usr/bin/pm2 resurrect\nExecStart=\nExecStart=/bin/true'],
])('that %s is none of which anything can be said', (_, text) => {
  write('etc/pm2-x.service', `[Service]\n${text}\n`);
  expect(units()).toEqual([]);
});

it('that takes a variable back has the usual PM2_HOME', () => {
  write('env', 'PM2_HOME=/c\n');
  const text = `Environment=PM2_HOME=/a\nEnvironmentFile=${place}/env\nExecStart=/usr/bin/pm2 resurrect\n`;
  write('etc/a.service', `[Service]\n${text}UnsetEnvironment=PM2_HOME\n`);
  write('etc/b.service', `[Service]\n${text}UnsetEnvironment=PM2_HOME=/a\n`);
  write('etc/c.service', `[Service]\n${text}UnsetEnvironment="PM2_HOME=/c"\n`);
  expect(units().map(([name, , home]) => [name, home])).toEqual([
    ['a.service', null],
    ['b.service', '/c'],
    ['c.service', null],
  ]);
});

it.each([
  ['after the boot', 'OnBootSec=1min', true],
  ['after the start of the manager', 'OnStartupSec=1min\nUnit=late.service', true],
  ['at a time of day', 'OnCalendar=daily', false],
  ['no more', 'OnBootSec=1min\nOnCalendar=', false],
  ['after the boot, and each day', 'OnBootSec=\nOnBootSec=1min\nOnCalendar=daily', true],
  ['another service', 'OnBootSec=1min\nUnit=%N-x.service', false],
])('that an enabled timer starts %s', (_, timer, enabled) => {
  write('etc/late.service', '[Service]\nUser=a\nEnvironment=PM2_HOME=/a\nExecStart=/usr/bin/pm2 resurrect\n');
  write('etc/late.timer', `[Timer]\n${timer}\n`);
  expect(units()).toEqual([['late.service', 'a', '/a', false]]);
  write('etc/timers.target.wants/late.timer', '');
  expect(units()).toEqual([['late.service', 'a', '/a', enabled]]);
});

it.each([
  ['by a timer that names it', 'web.timer', 'web.timer', 'Unit=pm2@ops.service'],
  ['by the timer of its name', 'pm2@ops.timer', 'pm2@ops.timer', ''],
  ['by an instance of a timer', 'pm2@.timer', 'pm2@ops.timer', ''],
  ['by an instance of another timer', 'late@.timer', 'late@ops.timer', 'Unit=pm2@%i.service'],
])('that is an instance may be started %s', (_, file, wanted, unit) => {
  write('lib/pm2@.service', '[Service]\nUser=%i\nEnvironment=PM2_HOME=/srv/%i\nExecStart=/usr/bin/pm2 resurrect\n');
  write(`etc/${file}`, `[Timer]\nOnBootSec=1min\n${unit}\n`);
  expect(units()).toEqual([]);
  write(`etc/timers.target.wants/${wanted}`, '');
  expect(units()).toEqual([['pm2@ops.service', 'ops', '/srv/ops', true]]);
});

it('that a timer starts for something else than its apps is not enabled', () => {
  write('etc/save.service', '[Service]\nEnvironment=PM2_HOME=/a\nExecStart=/usr/bin/pm2 save\n');
  write('etc/save.timer', '[Timer]\nOnBootSec=1min\n');
  write('etc/timers.target.wants/save.timer', '');
  expect(units()).toEqual([['save.service', null, '/a', false]]);
});

describe('a unit that starts pm2 in a roundabout way', () => {
  const read = (text: string) => {
    write('etc/apps.service', `[Service]\n${text}\n`);
    const { units: found, unclear } = allPm2Units([join(place, 'etc')]);
    const seats = found.map((unit) => `${unit.account?.name ?? '-'} ${pm2HomeOfUnit(unit)}`);
    return [...seats, ...unclear.map(() => 'unclear')];
  };
  const DAEMONS = 'daemon /usr/sbin/.pm2';
  it.each([
    ["ExecStart=/bin/su - daemon -c 'pm2 resurrect'", DAEMONS],
    ['ExecStart=/usr/bin/su daemon -s /bin/sh -c "cd /srv && exec pm2 resurrect --no-daemon"', DAEMONS],
    ['Environment=PM2_HOME=/srv/x\nExecStart=su --login --command="pm2 resurrect" daemon', DAEMONS],
    ['Environment=PM2_HOME=/srv/x\nExecStart=su daemon -c "pm2 resurrect"', 'daemon /srv/x'],
    ['ExecStart=/usr/sbin/runuser -u daemon -- pm2 resurrect', DAEMONS],
    ['ExecStart=/usr/sbin/runuser --user=daemon env PM2_HOME=/srv/x pm2 resurrect', 'daemon /srv/x'],
    ["ExecStart=/sbin/runuser -l daemon -c 'PM2_HOME=$HOME/apps pm2 resurrect'", 'daemon /usr/sbin/apps'],
    ['ExecStart=/usr/bin/setpriv --reuid=1 --regid 1 --init-groups pm2 resurrect', DAEMONS],
    ['ExecStart=/usr/bin/sudo -u daemon /usr/bin/pm2 start /srv/ecosystem.config.js', DAEMONS],
    ['Environment=PM2_HOME=/srv/x\nExecStart=/usr/bin/sudo -nu daemon pm2 resurrect', DAEMONS],
    ['Environment=PM2_HOME=/srv/x\nExecStart=/usr/bin/sudo -E --user daemon pm2 resurrect', 'daemon /srv/x'],
    ['ExecStart=/usr/bin/sudo -u #1 -- pm2 resurrect', DAEMONS],
    ["User=daemon\nExecStart=/bin/sh -c 'export PM2_HOME=/srv/x; pm2 resurrect'", 'daemon /srv/x'],
    ["User=daemon\nExecStart=/bin/bash -lc 'set -e; cd ~; PM2_HOME=~/x pm2 resurrect || true'", 'daemon /usr/sbin/x'],
    ['User=daemon\nExecStart=/usr/bin/env PM2_HOME=/srv/x NODE_ENV=a pm2 resurrect', 'daemon /srv/x'],
    ['User=daemon\nExecStart=/usr/bin/env -u HOME PM2_HOME=${HOME}/y pm2 resurrect', 'daemon /usr/sbin/y'],
    ['User=daemon\nEnvironment=AT=/srv/at\nExecStart=/usr/bin/env PM2_HOME=${AT} pm2 resurrect', 'daemon /srv/at'],
    ['User=daemon\nExecStart=/usr/bin/pm2 resurrect', DAEMONS],
    ['User=1\nExecStart=/usr/bin/pm2 resurrect', DAEMONS],
    ['User=daemon\nExecStart=/usr/bin/pm2-runtime start /srv/a.js', DAEMONS],
    ['User=daemon\nExecStart=/usr/bin/node --trace-uncaught /usr/lib/node_modules/pm2/bin/pm2-runtime a.js', DAEMONS],
    ['User=daemon\nExecStart=/usr/bin/nice -n 5 /usr/bin/pm2 start /srv/a.js --no-daemon', DAEMONS],
    ['User=daemon\nType=oneshot\nExecStart=/bin/true\nExecStart=/usr/bin/pm2 resurrect', DAEMONS],
    ['ExecStart=/usr/bin/timeout 90 /usr/bin/sudo -u daemon pm2 resurrect', DAEMONS],
    ["ExecStart=/usr/bin/nice -n 5 /bin/su - daemon -c 'pm2 resurrect'", DAEMONS],
    ['ExecStart=/usr/bin/systemd-cat -t pm2 /usr/sbin/runuser -u daemon pm2 resurrect', DAEMONS],
    ['ExecStart=/usr/bin/ionice env PM2_HOME=/srv/x sudo -E -u daemon pm2 resurrect', 'daemon /srv/x'],
    ['Environment=HOME=/root\nExecStart=/usr/bin/sudo -EH -u daemon pm2 resurrect', DAEMONS],
    ['Environment=HOME=/root\nExecStart=/usr/bin/sudo -E --set-home -u daemon pm2 resurrect', DAEMONS],
    ["User=daemon\nExecStart=/bin/sh -c '{ export PM2_HOME=/srv/x; exec pm2 resurrect; }'", 'daemon /srv/x'],
    ["User=daemon\nExecStart=/bin/sh -c '(export PM2_HOME=/srv/x; pm2 ping); pm2 resurrect'", DAEMONS],
    ["User=daemon\nExecStart=/bin/sh -c '(unset PM2_HOME; export PM2_HOME=/srv/x && pm2 resurrect)'", 'daemon /srv/x'],
  ])('%s', (text, seat) => {
    expect(read(text)).toEqual([seat]);
  });

  it.each([
    'ExecStart=/bin/su - $WHO -c "pm2 resurrect"',
    'ExecStart=/bin/su - no-such-user -c "pm2 resurrect"',
    'ExecStart=/bin/sh -c ". /etc/pm2.env; pm2 resurrect"',
    'User=daemon\nExecStart=/bin/sh -c "PM2_HOME=/srv/x; pm2 resurrect"',
    'User=daemon\nExecStart=/bin/sh -c "if true; then export PM2_HOME=/srv/x; fi; pm2 resurrect"',
    'User=daemon\nExecStart=/bin/sh -c "test -d /srv/x || unset PM2_HOME; pm2 resurrect"',
    'User=daemon\nExecStart=/bin/bash -c "declare -x PM2_HOME=/srv/x; pm2 resurrect"',
    'User=daemon\nExecStart=/bin/sh -c "export PM2_HOME=/srv/*/x; pm2 resurrect"',
    "User=daemon\nExecStart=/bin/sh -c 'export HOME=/srv/y; PM2_HOME=$HOME/x pm2 resurrect'",
    'User=daemon\nExecStart=/usr/bin/env PM2_HOME=relative pm2 resurrect',
    'User=daemon\nExecStart=/usr/bin/env PM2_HOME=$(cat /etc/place) pm2 resurrect',
    'ExecStart=/usr/bin/chroot /srv/root pm2 resurrect',
    'ExecStart=/usr/bin/sudo -u daemon -g adm pm2 resurrect',
    'ExecStart=/usr/bin/doas -u daemon pm2 resurrect',
    'ExecStart=/usr/bin/setpriv --reset-env --reuid daemon pm2 resurrect',
    'User=%q\nExecStart=/usr/bin/pm2 resurrect',
    'User=daemon\nExecStart=/bin/su - %q -c "pm2 resurrect"',
  ])('%s: it is not known whose daemon', (text) => {
    expect(read(text)).toEqual(['unclear']);
  });

  it.each(['ExecStart=/usr/bin/sudo -u daemon pm2 list', 'ExecStart=/bin/sh -c "echo pm2 resurrected"'])(
    '%s: it starts no apps',
    (text) => {
      expect(read(text)).toEqual([]);
    },
  );

  it('is unclear where an enabled one runs a script that calls pm2', () => {
    write('start.sh', '#!/bin/sh\n/usr/bin/pm2 resurrect\n');
    const text = `User=daemon\nExecStart=${place}/start.sh`;
    expect(read(text)).toEqual([]);
    write('etc/multi-user.target.wants/apps.service', '');
    expect(read(text)).toEqual(['unclear']);
    expect(read(`ExecStart=/bin/sh -e ${place}/start.sh`)).toEqual(['unclear']);
    const [one] = allPm2Units([join(place, 'etc')]).unclear;
    expect(one).toMatchObject({ name: 'apps.service', enabled: true, why: `${place}/start.sh calls pm2` });
    write('start.sh', '#!/bin/sh\nexec /opt/pm2.d/run\n');
    expect(read(text)).toEqual([]);
  });

  it('as an instance of a template, with a drop-in that changes its user', () => {
    write('lib/apps@.service', "[Service]\nExecStart=/bin/su - %i -c 'pm2 resurrect'\n");
    for (const one of ['daemon', 'bin']) write(`etc/multi-user.target.wants/apps@${one}.service`, '');
    write('etc/apps@bin.service.d/x.conf', '[Service]\nUser=daemon\nExecStart=\nExecStart=/usr/bin/pm2 resurrect\n');
    expect(
      pm2Units([join(place, 'etc'), join(place, 'lib')]).map((unit) => [unit.name, pm2HomeOfUnit(unit), unit.enabled]),
    ).toEqual([
      ['apps@bin.service', '/usr/sbin/.pm2', true],
      ['apps@daemon.service', '/usr/sbin/.pm2', true],
    ]);
  });
});
