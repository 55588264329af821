import childProcess from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bootScripts } from '../../src/host/boot/boot-scripts.ts';
import { cronJobs, cronLines } from '../../src/host/boot/crontabs.ts';
import { rcLocal } from '../../src/host/boot/rc-local.ts';
import { savedLists } from '../../src/host/homes/saved-list.ts';
import { boundPaths } from '../../src/host/daemons/sockets.ts';
import { readService } from '../../src/host/boot/unit-file.ts';
import { systemdTakes } from '../../src/host/boot/user-names.ts';
import { exchanger, type PathStep } from '../../src/host/homes/way.ts';
import { asGid, asPm2Home, asUid } from '../../src/runtime/brands.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boot-text-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});
const write = (name: string, text: string, mode = 0o644) => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text, { mode });
};

describe('a service file', () => {
  const service = (text: string, name = 'pm2-x.service') => {
    const read = readService([`[Service]\n${text}\n`], name);
    if (read === null) throw new Error('systemd would not load it');
    return { ...read, start: read.start, env: Object.fromEntries(read.env) };
  };
  it('starts what stands after the prefixes of ExecStart', () => {
    expect(service('ExecStart=-/usr/bin/old\nExecStart=-@/usr/bin/pm2 "PM2 of ops" "resurrect now" x').start).toEqual([
      '/usr/bin/pm2',
      'resurrect now',
      'x',
    ]);
  });
  it('as a template is what its instance says', () => {
    expect(service('User=%i\nEnvironment=PM2_HOME=/srv/%i/.pm2 A=100%%', 'pm2@ops.service')).toMatchObject({
      user: 'ops',
      env: { PM2_HOME: '/srv/ops/.pm2', A: '100%' },
    });
  });
  it('has a pid file in /run where it names none by its path', () => {
    expect([
      service('PIDFile=pm2.pid').pidFile,
      service('PIDFile=/x/pm2.pid').pidFile,
      service('PIDFile=/x\nPIDFile=').pidFile,
    ]).toEqual(['/run/pm2.pid', '/x/pm2.pid', null]);
  });
  it('takes variables back, goes on after a backslash, and believes no comment', () => {
    expect(service('Environment=A=1\nEnvironment=\nEnvironment="B=a b" \\\n  C=2\n# User=root')).toMatchObject({
      user: null,
      env: { B: 'a b', C: '2' },
    });
  });
});

// systemd.exec(5), systemd.io/USER_NAMES, CVE-2017-1000082.
it.each([
  ['www-data', null, 'taken'],
  ['_x', 219, 'taken'],
  ['1001', 219, 'taken'],
  ['0day', 233, 'ignored'],
  ['example.com', 219, 'ignored'],
  ['example.com', 240, 'refused'],
  ['example.com', 244, 'taken'],
  ['example.com', 252, 'taken'],
  ['a:b', 252, 'refused'],
  ['DOM\\user', 245, 'refused'],
  ['DOM\\user', 246, 'taken'],
  ['example.com', null, 'unclear'],
  ['..', 252, 'refused'],
] as const)('User=%s is to systemd %s: %s', (user, version, verdict) => {
  expect(systemdTakes(user, version)).toBe(verdict);
});

describe.runIf(process.getuid?.() === 0)('crontabs', () => {
  it('give user, PATH, HOME and command of each line that calls pm2, and of no other', () => {
    write('etc/debian_version', '12\n');
    write(
      'etc/crontab',
      'PATH=/sbin:/bin\n17 * * * * root echo pm2 # pm2\n@reboot daemon PM2_HOME=/srv/.pm2 pm2 resurrect\n',
    );
    write(
      'etc/cron.d/app',
      'HOME=/srv/app\n*/5  *  * * * root /usr/bin/pm2 jlist | grep -q app%stdin\n1 1 1 1 1 root echo a/pm2x xpm2 ' +
        'pm2-guard\n',
    );
    write('etc/cron.d/app.bak', '* * * * * root pm2 list\n'); // Debian's cron passes over a name with a dot
    write('var/spool/cron/crontabs/daemon', '"PM2_HOME" = \'/srv/d\'\n0 4 * * * su - x -c "pm2 restart all"\n');
    write('var/spool/cron/crontabs/nobody-of-this-name', '* * * * * pm2 list\n');
    expect(
      cronLines(root).map(({ file, shell, ...rest }) => ({
        file: file.slice(root.length),
        ...rest,
        ...(shell === '/bin/sh' ? {} : { shell }),
      })),
    ).toEqual([
      expect.objectContaining({ file: '/etc/crontab', line: 2, user: 'root' }),
      {
        file: '/etc/crontab',
        line: 3,
        user: 'daemon',
        when: '@reboot',
        command: 'PM2_HOME=/srv/.pm2 pm2 resurrect',
        path: '/sbin:/bin',
        setsPath: true,
        homeDirectory: '/usr/sbin',
        pm2Home: '/srv/.pm2',
        isUnclear: false,
      },
      {
        file: '/etc/cron.d/app',
        line: 2,
        user: 'root',
        when: '*/5 * * * *',
        command: '/usr/bin/pm2 jlist | grep -q app',
        path: '/usr/bin:/bin',
        setsPath: false,
        homeDirectory: '/srv/app',
        pm2Home: null,
        isUnclear: false,
      },
      {
        file: '/var/spool/cron/crontabs/daemon',
        line: 2,
        user: 'daemon',
        when: '0 4 * * *',
        command: 'su - x -c "pm2 restart all"',
        path: '/usr/bin:/bin',
        setsPath: false,
        homeDirectory: '/usr/sbin',
        pm2Home: '/srv/d',
        isUnclear: true,
      },
    ]);
  });
  it.each([
    ['PM2_HOME=$HOME/.pm2 pm2 resurrect', null, false],
    ['PM2_HOME=~/.pm2 /usr/bin/pm2 resurrect', null, false],
    ['export PM2_HOME="${HOME}/apps"; pm2 resurrect', '/usr/sbin/apps', false],
    ['PM2_HOME=$HOME/apps pm2 jlist', '/usr/sbin/apps', false],
    ['PM2_HOME=/srv/50\\% pm2 resurrect', '/srv/50%', false],
    ['PM2_HOME=$APPS/.pm2 pm2 resurrect', '$APPS/.pm2', true],
    ['PM2_HOME=$(cat /etc/apps) pm2 jlist', '$(cat', true],
    ['pm2 resurrect', '/srv/d', false],
  ])('name the PM2_HOME that their shell makes of a line: %s', (command, home, isUnclear) => {
    write('var/spool/cron/crontabs/daemon', `PM2_HOME=/srv/d\n@reboot ${command}\n`);
    expect(cronLines(root)).toMatchObject([{ pm2Home: home, isUnclear, command: command.replace('\\%', '%') }]);
  });
  it('are files of known users: other files are ignored, and no name service is asked about their names', () => {
    mkdirSync(join(root, 'var/spool/cron/crontabs'), { recursive: true });
    mkdirSync(join(root, 'var/spool/cron/nobodys-jobs'));
    const asked = vi.spyOn(childProcess, 'spawnSync');
    expect(cronLines(root)).toEqual([]);
    expect(asked).not.toHaveBeenCalled();
  });
  it('are read once where a spool is a link to another', () => {
    write('var/spool/cron/daemon', '@reboot pm2 resurrect\n');
    symlinkSync('.', join(root, 'var/spool/cron/tabs'));
    expect(cronLines(root).map(({ user, line }) => [user, line])).toEqual([['daemon', 1]]);
  });
  it('a script that a line at boot runs is looked into, and is unclear where it calls pm2', () => {
    write('srv/start-apps', '#!/bin/sh\npm2 resurrect\n', 0o755);
    write('srv/other', '#!/bin/sh\ntrue\n', 0o755);
    const lines = ['@reboot SCRIPT', '0 4 * * * SCRIPT', '@reboot sleep 5; SCRIPT', `@reboot ${root}/srv/other`];
    write('var/spool/cron/crontabs/daemon', `${lines.join('\n').replaceAll('SCRIPT', `${root}/srv/start-apps`)}\n`);
    const { lines: calls, scripts } = cronJobs(root);
    expect(calls).toEqual([]);
    expect(scripts.map(({ name, account, why }) => [name.slice(root.length), account?.name, why])).toEqual(
      [1, 3].map((line) => [
        `/var/spool/cron/crontabs/daemon:${line}`,
        'daemon',
        `its script calls pm2: ${root}/srv/start-apps`,
      ]),
    );
  });
  it('has a limit on scripts of one table', () => {
    write('srv/start-apps', '#!/bin/sh\npm2 resurrect\n', 0o755);
    write('var/spool/cron/crontabs/daemon', `@reboot ${root}/srv/start-apps\n`.repeat(5000));
    write('var/spool/cron/crontabs/sync', `@reboot ${root}/srv/start-apps\n`);
    const { scripts } = cronJobs(root);
    expect(scripts.filter(({ account }) => account?.name === 'daemon').length).toBe(100);
    expect(scripts.filter(({ account }) => account?.name === 'sync').length).toBe(1);
  });
  it("that are links are not followed, and files that are not root's not believed", () => {
    write('secret', '* * * * * pm2 list\n');
    mkdirSync(join(root, 'var/spool/cron/crontabs'), { recursive: true });
    symlinkSync(join(root, 'secret'), join(root, 'var/spool/cron/crontabs/daemon'));
    expect(cronLines(root)).toEqual([]);
  });
});

it("boot scripts: SysV's, OpenRC's and upstart's, enabled or not", () => {
  const sysv =
    'NAME=pm2\nPM2=/usr/lib/node_modules/pm2/bin/pm2\nUSER=ops\nexport PM2_HOME="/home/ops/.pm2"\nsuper $PM2 ' +
    'resurrect\n';
  write('etc/init.d/pm2-ops', sysv, 0o755);
  write('etc/init.d/pm2-off', sysv, 0o755);
  write('etc/init.d/ssh', '#!/bin/sh\n', 0o755);
  write('etc/rc3.d/S20pm2-ops', '');
  write(
    'etc/init.d/pm2',
    'PM2="/usr/bin/pm2"\nuser=${PM2_USER:-web}\nexport PM2_HOME=$(eval echo ~${user})"/.pm2/"\n',
    0o755,
  );
  write('etc/runlevels/default/pm2', '');
  write('etc/init/old.conf', 'setuid web\nenv PM2_HOME=/srv/.pm2\nexec pm2 resurrect\n');
  const pm2 = '/usr/lib/node_modules/pm2/bin/pm2';
  const scripts = bootScripts(false, root);
  expect(scripts.map(({ file, ...rest }) => [file.slice(root.length), ...Object.values(rest)])).toEqual([
    ['/etc/init.d/pm2', 'web', null, '/usr/bin/pm2', true, null],
    ['/etc/init.d/pm2-off', 'ops', '/home/ops/.pm2', pm2, false, null],
    ['/etc/init.d/pm2-ops', 'ops', '/home/ops/.pm2', pm2, true, null],
    ['/etc/init/old.conf', 'web', '/srv/.pm2', null, true, null],
  ]);
  // systemd-sysv-generator(8) skips a script that has a unit of its name, and systemd knows no upstart.
  write('etc/systemd/system/pm2-ops.service', '');
  const enabled = bootScripts(true, root).filter((script) => script.enabled);
  expect(enabled.map(({ file }) => file.slice(root.length))).toEqual(['/etc/init.d/pm2']);
});

it('boot scripts are listed once where /etc/init.d is a link, as on Red Hat', () => {
  write('etc/rc.d/init.d/pm2-ops', 'USER=ops\nexport PM2_HOME=/srv/.pm2\n', 0o755);
  write('etc/rc.d/rc3.d/S99pm2-ops', '');
  symlinkSync('rc.d/init.d', join(root, 'etc/init.d'));
  expect(bootScripts(false, root).map(({ file, enabled }) => [file.slice(root.length), enabled])).toEqual([
    ['/etc/init.d/pm2-ops', true],
  ]);
});

describe('rc.local', () => {
  const lines = (text: string, mode = 0o755) => {
    write('etc/rc.local', `#!/bin/sh\n${text}\n`, mode);
    return rcLocal(root).lines.map(({ user, pm2Home, line, enabled }) => [user, pm2Home, line, enabled]);
  };
  it.each([
    ["su - daemon -c 'pm2 resurrect'", 'daemon', '/usr/sbin/.pm2'],
    ['su -l -s /bin/sh daemon -c "cd /srv && /usr/bin/pm2 resurrect" &', 'daemon', '/usr/sbin/.pm2'],
    ["PM2_HOME=/srv/.pm2 su daemon -c 'pm2 resurrect'", 'daemon', '/srv/.pm2'],
    ["PM2_HOME=/srv/.pm2 su - daemon -c 'pm2 resurrect'", 'daemon', '/usr/sbin/.pm2'],
    ['sudo -u daemon PM2_HOME=/srv/.pm2 pm2 resurrect > /dev/null 2>&1', 'daemon', '/srv/.pm2'],
    ['sudo -Hu daemon env PM2_HOME=/srv/.pm2 nohup pm2 start /srv/a.js &', 'daemon', '/srv/.pm2'],
    ["runuser -l daemon -c 'pm2 resurrect'", 'daemon', '/usr/sbin/.pm2'],
    ['test -x /usr/bin/pm2 && PM2_HOME=/srv/.pm2 pm2 resurrect # at boot', 'root', '/srv/.pm2'],
    ['runuser -u daemon -- pm2 resurrect', 'daemon', '/usr/sbin/.pm2'],
    ['bash -lc "PM2_HOME=/srv/.pm2 pm2 resurrect"', 'root', '/srv/.pm2'],
  ])('%s', (line, user, home) => {
    expect(lines(`\n${line}`)).toEqual([[user, home, 3, true]]);
  });
  it.each([
    ['# su - daemon -c "pm2 resurrect"', false],
    ['exit 0\nsu - daemon -c "pm2 resurrect"', false],
    ['su - daemon -c "pm2 save"', false],
    ['echo pm2 resurrect', false],
    ['su - $WHO -c "pm2 resurrect"', true],
    ['sudo -g adm -u daemon pm2 resurrect', true],
    ['su - nobody-of-this-name -c "pm2 resurrect"', true],
    ["su - daemon -c '\npm2 resurrect\n'x'", true],
    ['su - daemon -c \\\n  "pm2 resurrect"', true],
  ])('believes nothing that is uncertain: %j', (text, isUnclear) => {
    expect(lines(text)).toEqual([]);
    expect(rcLocal(root).unclear.length).toBe(isUnclear ? 1 : 0);
  });
  it.each(['echo "the boss\'s apps"', "true # don't", "echo it\\'s", "echo 'a\n# \n'"])(
    'ends its quotes as a shell does: %j',
    (text) => {
      const line = "su - daemon -c 'pm2 resurrect'";
      expect(lines(`${text}\n${line}\nexit 0\nsu - sync -c 'pm2 resurrect'`)).toEqual([
        ['daemon', '/usr/sbin/.pm2', text.split('\n').length + 2, true],
      ]);
      expect(rcLocal(root).unclear).toEqual([]);
    },
  );
  it.each([
    ['SCRIPT', '#!/bin/sh\npm2 resurrect\n', true],
    ['[ -x SCRIPT ] && SCRIPT &', '#!/usr/bin/env bash\nexec pm2 start x.js\n', true],
    ['su - daemon -c "/bin/sh -e SCRIPT"', 'pm2 resurrect\n', true],
    ['SCRIPT', 'pm2 resurrect\n', false],
    ['SCRIPT', '#!/bin/sh\necho pm2-guard\n', false],
    ['# SCRIPT', '#!/bin/sh\npm2 resurrect\n', false],
    ['exit 0\nSCRIPT', '#!/bin/sh\npm2 resurrect\n', false],
    ['echo ready > SCRIPT', '#!/bin/sh\n', false],
    ['/srv/other >> SCRIPT 2>&1', '#!/bin/sh\npm2 resurrect\n', false],
    ['/srv/other 2>SCRIPT; SCRIPT', '#!/bin/sh\npm2 resurrect\n', true],
  ])('a script that calls pm2 is unclear: %j, %j', (line, text, isUnclear) => {
    const script = join(root, 'srv/start-apps');
    write('srv/start-apps', text, 0o755);
    expect(lines(line.replaceAll('SCRIPT', script))).toEqual([]);
    expect(rcLocal(root).unclear).toEqual(
      isUnclear
        ? [
            {
              name: `${root}/etc/rc.local:2`,
              file: `${root}/etc/rc.local`,
              enabled: true,
              account: null,
              why: `its script calls pm2: ${script}`,
            },
          ]
        : [],
    );
  });
  it.each(['/proc/sys/vm/drop_caches', 'LINK'])('reads no file of the kernel: %s', (path) => {
    const link = join(root, 'link');
    symlinkSync('/proc/sys/vm/drop_caches', link);
    // Linux refuses root's own read of it, which would count as a script that may not be read.
    expect(lines(`sync; tee ${path.replace('LINK', link)}`)).toEqual([]);
    expect(rcLocal(root).unclear).toEqual([]);
  });
  it('starts nothing where it is not executable, or its service is masked', () => {
    const line = 'su - daemon -c "pm2 resurrect"';
    expect(lines(line, 0o644)).toEqual([['daemon', '/usr/sbin/.pm2', 2, false]]);
    rmSync(join(root, 'etc/rc.local'));
    mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
    symlinkSync('/dev/null', join(root, 'etc/systemd/system/rc-local.service'));
    expect(lines(line)).toEqual([['daemon', '/usr/sbin/.pm2', 2, false]]);
  });
});

it('saved lists: names of secrets, by name or by what a URL holds, and never a value', () => {
  const env = {
    DB_PASSWORD: 'hunter2',
    githubToken: 'hunter2',
    SHOP: 'postgres://a:hunter2@db',
    PWD: '/srv',
    EMPTY_SECRET: '',
    NODE_ENV: 'production',
    HOME: '/home/a',
    PATH: 'https://x/y',
  };
  write(
    'dump.pm2',
    JSON.stringify([
      { name: 'shop', pm_exec_path: '/srv/a.js', pm_pid_path: '/x/.pm2/pids/a.pid', env },
      { name: 7 },
      null,
    ]),
  );
  write('dump.pm2.bak', 'require("child_process")');
  const lists = savedLists(asPm2Home(root));
  expect(lists).toEqual([
    {
      file: 'dump.pm2',
      apps: [
        {
          name: 'shop',
          script: '/srv/a.js',
          homeDirectory: '/home/a',
          pm2Home: null,
          paths: ['/x/.pm2/pids/a.pid'],
          secrets: ['DB_PASSWORD', 'SHOP', 'githubToken'],
        },
      ],
    },
  ]);
  expect(JSON.stringify(lists)).not.toContain('hunter2');
});

it('bound paths: listening or not, whatever their names hold', () => {
  expect([
    ...boundPaths([
      'Num RefCount Protocol Flags Type St Inode Path\n0000: 00000002 00000000 00010000 0001 01 12 /a ' +
        'b/rpc.sock\n0000: 00000002 00000000 00000000 0001 01 13 /c/rpc.sock\n0000: 00000003 00000000 00000000 0001 ' +
        '03 14\n',
    ]),
  ]).toEqual(['/a b/rpc.sock', '/c/rpc.sock']);
});

describe('who can exchange a home', () => {
  const step = (path: string, uid: number, mode: number, type: PathStep['type'] = 'directory'): PathStep => ({
    path,
    uid: asUid(uid),
    gid: asGid(50),
    mode,
    type,
  });
  const by = (steps: PathStep[], members: number[] = []) =>
    exchanger(steps, asUid(1000), () => members.map(asUid))?.by ?? null;
  it.each([
    ["no user: root's and the owner's", [step('/home', 0, 0o755), step('/home/a', 1000, 0o755)], [], null],
    ['a third owner', [step('/srv', 1001, 0o755), step('/srv/.pm2', 1000, 0o755)], [], 'owner'],
    ['all users', [step('/srv', 0, 0o777)], [], 'all'],
    ['no user below a sticky directory', [step('/tmp', 0, 0o1777), step('/tmp/.pm2', 1000, 0o755)], [], null],
    ['a group with another member', [step('/srv', 1000, 0o775)], [0, 1000, 1001], 'group'],
    ["not a group of one's own", [step('/srv', 1000, 0o775)], [1000], null],
    ['the maker of a link', [step('/srv', 0, 0o755), step('/srv/x', 1001, 0o777, 'link')], [], 'owner'],
    ['no user by the mode of a link', [step('/srv/x', 0, 0o777, 'link')], [], null],
  ] as const)('%s', (_, steps, members, verdict) => {
    expect(by([...steps], [...members])).toBe(verdict);
  });
});
