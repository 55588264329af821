import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/pm2/interpret.ts';
import { insteadOf } from '../../src/verdict/decide.ts';
import { advice, callerFrom, decided } from './cases.ts';
import { policyFrom } from './policies.ts';
import { WEB, WITH_ROOT, TWO_HOMES, row, web, rooted, bare, is, app, OLD, lives } from './rows.ts';

describe('the owner of a name in the config (section 3.2)', () => {
  is('root restarts an app of web', web('root', 'restart myapp'), 'rewrite web');
  is('deploy does it with sudo', web('deploy>root', 'restart myapp'), 'rewrite web');
  is('web itself', web('www-data', 'restart myapp'), 'pass web');
  is('deploy, who is neither', web('deploy', 'restart myapp'), 'rewrite web');
  is('a glob', web('root', 'stop shop-cart'), 'rewrite web');
  is('a glob over a slash', web('root', 'stop @tools/sync'), 'rewrite ops');
  is('a new app by its name', web('deploy>root', 'start npm --name myapp --cwd /tmp -- start'), 'rewrite web');
  is('a namespace', web('root', 'start /tmp/x.js --name x --namespace backup'), 'rewrite ops');
  is('the wrong home, as root', web('root PM2_HOME=/home/ops/.pm2', 'restart myapp'), 'rewrite web');
  is(
    '`name` in the environment names the app',
    web('deploy>root name=backup', 'start /tmp/a.js --name myapp'),
    'rewrite ops',
  );
  is('a key of an app restarts it', web('root', 'set backup:level 3'), 'rewrite ops');
  is('--only names the apps of a file', web('root', 'start /tmp/eco.config.js --only backup'), 'rewrite ops');
  is('words after -- belong to the app', web('root', 'start /tmp/a.js --name backup -- myapp'), 'rewrite ops');
});

describe('the owner of a path', () => {
  is('a script', web('root', 'start /srv/tools/x.js'), 'rewrite ops');
  is('--cwd', web('root', 'start npm --name x --cwd /srv/tools -- start'), 'rewrite ops');
  is('the directory it is typed in', web('root @/srv/tools', 'start x.js'), 'rewrite ops');
  is('a process file', web('root', 'start /srv/tools/eco.config.js'), 'rewrite ops');
  is('a neighbour with the same beginning', web('root', 'start /srv/tools2/x.js'), 'rewrite web');
  is('a running app by its path', web('root', 'restart /srv/tools/x.js'), 'rewrite ops');
  it('a link into it', () => {
    expect(
      web('root', 'start /opt/current/x.js', { realpaths: new Map([['/opt/current/x.js', '/srv/tools/x.js']]) }),
    ).toBe('rewrite ops');
  });
  is('a name beats a path', web('root', 'start /srv/tools/x.js --name myapp'), 'rewrite web');
});

describe('what a process file declares', () => {
  it('is asked for when nothing else tells', () => {
    expect(verdictWith(WEB, 'root', 'start /tmp/eco.config.js', {})).toBe('more');
  });
  is(
    'decides',
    web('root', 'start /tmp/eco.config.js', { files: new Map([['/tmp/eco.config.js', [app('backup')]]]) }),
    'rewrite ops',
  );
  is(
    'for two owners',
    web('root', 'start /tmp/eco.config.js', {
      files: new Map([['/tmp/eco.config.js', [app('backup'), app('myapp')]]]),
    }),
    'block PG104',
  );
  is(
    'filtered by --only',
    web('root', 'start /tmp/eco.config.js --only backup,nix', {
      files: new Map([['/tmp/eco.config.js', [app('backup'), app('myapp')]]]),
    }),
    'rewrite ops',
  );
  is(
    'unreadable: PM2 will say so, in the default daemon',
    web('root', 'start /tmp/eco.config.js', { files: new Map([['/tmp/eco.config.js', null]]) }),
    'rewrite web',
  );
  is('on stdin', web('root', 'start -', { files: new Map([['-', [app('backup')]]]) }), 'rewrite ops');
  is(
    'the one in the current directory',
    web('root @/tmp', 'start', { files: new Map([['/tmp/ecosystem.config.js', [app('backup')]]]) }),
    'rewrite ops',
  );
});

describe('where it lives already', () => {
  it('is asked for when the config is silent', () => {
    expect(verdictWith(WEB, 'root', 'restart unknown', { files: new Map() })).toBe('more');
  });
  is('a live list decides', web('root', 'restart worker', lives('ops', 'worker')), 'rewrite ops');
  is(
    'a list draws nothing that is new',
    web('deploy>root', 'start /tmp/worker.js', lives('ops', 'worker')),
    'rewrite web',
  );
  is(
    'a live list beats a dump',
    web('root', 'restart worker', {
      sights: [
        { daemon: 'web', source: 'dump', apps: [app('worker')] },
        { daemon: 'ops', source: 'socket', apps: [app('worker')] },
      ],
    }),
    'rewrite ops',
  );
  is(
    'a dump, where nothing is alive',
    web('root', 'restart worker', { sights: [{ daemon: 'ops', source: 'dump', apps: [app('worker')] }] }),
    'rewrite ops',
  );
  is(
    'in two',
    web('root', 'restart worker', { sights: [...lives('ops', 'worker').sights, ...lives('web', 'worker').sights] }),
    'block PG103',
  );
  is('the config beats it', web('root', 'restart myapp', lives('ops', 'myapp')), 'rewrite web');
});

describe('calls about the whole daemon, and unknown apps (section 3.3)', () => {
  for (const line of [
    'list',
    'save',
    'logs',
    'update',
    'resurrect',
    'jlist',
    'restart all',
    'restart 0',
    'monit',
    'reloadLogs',
  ]) {
    is(`root: ${line}`, web('deploy>root', line), 'rewrite web');
    is(`web: ${line}`, web('www-data', line), 'pass web');
    is(`ops: ${line}`, web('ops', line), 'pass ops');
    is(`deploy: ${line}`, web('deploy', line), 'rewrite web');
    is(`root, where root is declared: ${line}`, rooted('deploy>root', line), 'pass rootd');
    is(
      `root, a declared home named by PM2_HOME: ${line}`,
      web('deploy>root PM2_HOME=/home/ops/.pm2', line),
      'rewrite ops',
    );
    is(`no default: ${line}`, bare('deploy', line), 'block PG105');
  }
  for (const line of ['kill', 'resurrect', 'update']) {
    // As units of `pm2 startup` do, and daemons that die: what they say is about that home and no other.
    is(`a unit of root's, who is not declared: ${line}`, web('root PM2_HOME=/root/.pm2', line), 'block PG105');
    is(
      `a second daemon of the right user's that lives: ${line}`,
      web('www-data PM2_HOME=/srv/old/.pm2', line, { own: OLD }),
      'block PG105',
    );
    is(`a unit that names a declared home: ${line}`, web('www-data PM2_HOME=/var/www/.pm2', line), 'pass web');
  }
  it('says how that daemon can be meant', () => {
    const own = { own: OLD };
    expect(advice(decided(policyFrom(WEB), 'root PM2_HOME=/root/.pm2', 'kill', own))).toEqual([
      'sudo PM2_GUARD=off PM2_HOME=/root/.pm2 pm2 kill',
    ]);
    expect(advice(decided(policyFrom(WEB), 'deploy>root PM2_HOME=/root/.pm2', 'kill', own))).toEqual([
      'sudo PM2_GUARD=off PM2_HOME=/root/.pm2 pm2 kill',
    ]);
    expect(
      advice(
        decided(policyFrom(WEB), 'root PM2_HOME=/home/bob/.pm2', 'kill', {
          own: { state: 'others', user: 'bob', apps: [] },
        }),
      ),
    ).toEqual(['sudo -u bob PM2_GUARD=off PM2_HOME=/home/bob/.pm2 pm2 kill']);
    expect(advice(decided(policyFrom(`bypass: root\n${WEB}`), 'www-data PM2_HOME=/srv/old/.pm2', 'kill', own))).toEqual(
      [],
    );
  });
  it('keeps the variables that chose the daemon in each line', () => {
    const own = { own: OLD };
    const lines = (who: string, line: string, evidence: object = own, config = WEB) =>
      advice(decided(policyFrom(config), who, line, { files: new Map(), sights: [], ...evidence }));
    expect(lines('root PM2_DAEMON_RPC_PORT=/srv/x.sock', 'kill')).toEqual([
      'sudo PM2_GUARD=off PM2_DAEMON_RPC_PORT=/srv/x.sock pm2 kill',
    ]);
    expect(lines('root PM2_HOME=/x/y PM2_PID_FILE_PATH=/srv/x.pid', 'kill')).toEqual([
      'sudo PM2_GUARD=off PM2_HOME=/x/y PM2_PID_FILE_PATH=/srv/x.pid pm2 kill',
    ]);
    expect(lines('deploy PM2_DAEMON_RPC_PORT=/srv/x.sock', 'kill')).toEqual([
      'PM2_GUARD=off PM2_DAEMON_RPC_PORT=/srv/x.sock pm2 kill',
    ]);
    const strays = { own: { ...OLD, apps: [app('old-job')] } };
    expect(lines('deploy PM2_HOME=/srv/old/.pm2', 'restart myapp old-job', strays)).toEqual([
      'sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 restart myapp',
      'PM2_HOME=/srv/old/.pm2 pm2 restart old-job',
    ]);
    expect(lines('deploy PM2_HOME=/srv/green/.pm2', 'restart api jobs', {}, TWO_HOMES)).toEqual([
      'PM2_HOME=/srv/blue/.pm2 pm2 restart api',
      'PM2_HOME=/srv/green/.pm2 pm2 restart jobs',
    ]);
    expect(lines('deploy PM2_HOME=/srv/green/.pm2', 'stop api', lives('green', 'api'), TWO_HOMES)).toEqual([
      'PM2_HOME=/srv/green/.pm2 pm2 stop api',
      'PM2_HOME=/srv/blue/.pm2 pm2 stop api',
    ]);
  });
  it('says the same cause when sudo refuses the rewrite', () => {
    const typed = 'alice PM2_HOME=/home/ops/.pm2';
    const { caller, env } = callerFrom(typed);
    const verdict = decided(policyFrom(WEB), typed, 'list');
    if (verdict.type !== 'rewrite') throw new Error(verdict.type);
    const invocation = interpret(['list'], { major: 7, env, cwd: '/' });
    const question = { invocation, caller, policy: policyFrom(WEB), evidence: { realpaths: new Map() } };
    expect(insteadOf(verdict, question).details).toEqual([expect.stringMatching(/^That is daemon "ops"/)]);
  });
  is(
    'what names an undeclared PM2_HOME goes to no other',
    web('root PM2_HOME=/root/.pm2', 'reload all'),
    'block PG105',
  );
  is('an unknown app goes to the default', web('root', 'restart unknown'), 'rewrite web');
  is('an unknown app of a declared caller is his', web('ops', 'start /tmp/x.js'), 'pass ops');
  is(
    'a numeric word that is a declared name',
    row(WEB.replace('myapp,', 'myapp, "404",'))('ops', 'restart 404'),
    'rewrite web',
  );
  is('a regex over names of one daemon', web('ops', 'restart /^my/'), 'rewrite web');
  is('a regex over names of two', web('root', 'restart /myapp|backup/'), 'block PG104');
  is('a regex over live names', web('root', 'restart /^work/', lives('ops', 'worker')), 'rewrite ops');
});

describe('root is a legitimate owner like any other', () => {
  is('his app', rooted('deploy>root', 'restart rootjob'), 'pass rootd');
  is('his app, typed by another', rooted('www-data', 'restart rootjob'), 'rewrite rootd');
  is("another's app", rooted('deploy>root', 'restart myapp'), 'rewrite web');
  is("bare sudo never starts an unknown app in root's daemon", rooted('deploy>root', 'start /tmp/x.js'), 'rewrite web');
  is(
    'nor by a process file',
    rooted('deploy>root', 'start /tmp/eco.config.js', { files: new Map([['/tmp/eco.config.js', [app('unknown')]]]) }),
    'rewrite web',
  );
  is(
    'nor by one that cannot be read',
    rooted('deploy>root', 'startOrRestart /tmp/eco.json', { files: new Map([['/tmp/eco.json', null]]) }),
    'rewrite web',
  );
  is(
    'a stop by one starts nothing',
    rooted('deploy>root', 'stop /tmp/eco.json', { files: new Map([['/tmp/eco.json', [app('unknown')]]]) }),
    'pass rootd',
  );
  is('a root shell may', rooted('root', 'start /tmp/x.js'), 'pass rootd');
  is('a PM2_HOME typed along is a choice', rooted('deploy>root PM2_HOME=/root/.pm2', 'start /tmp/x.js'), 'pass rootd');
  is(
    'no default: refused',
    row(WITH_ROOT.replace('default: web\n', ''))('deploy>root', 'start /tmp/x.js'),
    'block PG105',
  );
});

describe('right user, wrong PM2_HOME', () => {
  is('T17: PM2_HOME exported somewhere', web('www-data PM2_HOME=/tmp/x', 'list'), 'rewrite web');
  is('T19: HOME given to the app', web('www-data HOME=/srv/app', 'start /tmp/x.js --name myapp'), 'rewrite web');
  is('T16: HOME=/', web('www-data HOME=/', 'list'), 'rewrite web');
  is('T15: HOME unset: PM2 7 asks passwd', web('ops -HOME', 'list'), 'pass ops');
  is('T16: HOME=/, and ops is not the default', web('ops HOME=/', 'save'), 'rewrite ops');
  is('T20: a private HOME, nothing named', web('ops HOME=/home/ops/.sandbox', 'start /tmp/x.js'), 'rewrite ops');
  is('a wrong home of one with two daemons: it was chosen', row(TWO_HOMES)('deploy HOME=/', 'list'), 'block PG105');
  is(
    "bare sudo with a HOME of another's: root's only one",
    rooted('deploy>root HOME=/home/deploy', 'list'),
    'rewrite rootd',
  );
  is('T20: a private HOME', web('ops HOME=/home/ops/.sandbox', 'restart backup'), 'rewrite ops');
  is('T21: a socket elsewhere', web('www-data PM2_DAEMON_RPC_PORT=/tmp/rpc.sock', 'list'), 'rewrite web');
  is('T21: OVER_HOME', web('www-data OVER_HOME=/tmp/x', 'list'), 'rewrite web');
  is("T18: su keeps the caller's PM2_HOME", web('www-data PM2_HOME=/home/ops/.pm2', 'restart myapp'), 'rewrite web');
  is('T11: sudo -E keeps HOME', web('deploy>root HOME=/home/deploy', 'restart myapp'), 'rewrite web');
  is('T14: stay root, set PM2_HOME', web('deploy>root PM2_HOME=/var/www/.pm2', 'reload myapp'), 'rewrite web');
});

describe('several homes for one user, one name in two daemons (T22, T35)', () => {
  const two = row(TWO_HOMES);
  is('his first home', two('deploy PM2_HOME=/srv/blue/.pm2', 'restart site'), 'pass blue');
  is('his second', two('deploy PM2_HOME=/srv/green/.pm2', 'restart site'), 'pass green');
  is("the other home's app", two('deploy PM2_HOME=/srv/green/.pm2', 'restart api'), 'rewrite blue');
  is('no home named: the path', two('deploy @/srv/green/app', 'restart site'), 'rewrite green');
  is('nothing says which', two('deploy', 'restart site'), 'block PG103');
  is('root, by path', two('root', 'start /srv/blue/site.js'), 'rewrite blue');
  it('both candidates are named', () => {
    expect(advice(decided(policyFrom(TWO_HOMES), 'root', 'restart site', { sights: [] }))).toEqual([
      'sudo -u deploy PM2_HOME=/srv/blue/.pm2 pm2 restart site',
      'sudo -u deploy PM2_HOME=/srv/green/.pm2 pm2 restart site',
    ]);
  });
});

describe('targets of two owners (section 3.5)', () => {
  is('named', web('root', 'restart myapp backup'), 'block PG104');
  is('an unknown one beside follows', web('root', 'restart myapp typo'), 'rewrite web');
  it('one command for each', () => {
    expect(advice(decided(policyFrom(WEB), 'root', 'restart myapp backup --update-env'))).toEqual([
      'sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 restart myapp --update-env',
      'sudo -u ops PM2_HOME=/home/ops/.pm2 pm2 restart backup --update-env',
    ]);
  });
  it('of one process file: --only', () => {
    const files = new Map([['/tmp/eco.config.js', [app('backup'), app('myapp'), app('shop-a')]]]);
    expect(advice(decided(policyFrom(WEB), 'root', 'start /tmp/eco.config.js', { files }))).toEqual([
      'sudo -u ops PM2_HOME=/home/ops/.pm2 pm2 start /tmp/eco.config.js --only backup',
      'sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 start /tmp/eco.config.js --only myapp,shop-a',
    ]);
  });
});

describe('modes', () => {
  const mode = (text: string) => row(text + WEB.trimStart());
  is('block', mode('mode: block\n')('root', 'restart myapp'), 'block PG101');
  is('block passes what is right', mode('mode: block\n')('www-data', 'restart myapp'), 'pass web');
  is('block, wrong home', mode('mode: block\n')('www-data HOME=/srv', 'restart myapp'), 'block PG102');
  is('observe', mode('mode: observe\n')('root', 'restart myapp'), 'pass PG003');
  is('observe, two owners', mode('mode: observe\n')('root', 'restart myapp backup'), 'pass PG003');
  is(
    'observe, no such daemon for startup',
    mode('mode: observe\n')('root', 'startup -u alice --hp /home/alice'),
    'pass PG003',
  );
  is(
    'block for one daemon',
    row(WEB.replace('user: ops', 'user: ops\n    mode: block'))('root', 'restart backup'),
    'block PG101',
  );
  is(
    'and not for the other',
    row(WEB.replace('user: ops', 'user: ops\n    mode: block'))('root', 'restart myapp'),
    'rewrite web',
  );
  is('exempt', mode('exempt: [alice]\n')('alice', 'restart myapp'), 'pass PG002');
  is('only the listed user is exempt', mode('exempt: [alice]\n')('alice>root', 'restart myapp'), 'rewrite web');
  it('the right command is printed', () => {
    expect(advice(decided(policyFrom(`mode: block\n${WEB.trimStart()}`), 'root', 'restart myapp'))).toEqual([
      'sudo -u www-data PM2_HOME=/var/www/.pm2 pm2 restart myapp',
    ]);
  });
});

describe('names that are kept for verify', () => {
  for (const line of [
    'describe pm2-guard-verify-x',
    'restart myapp pm2-guard-verify-x',
    'start /tmp/a.js --name pm2-guard-verify-x',
  ]) {
    is(`reserved name: ${line}`, web('www-data', line), 'block PG108');
    is(`an exempt user's neither: ${line}`, row(`exempt: [alice]\n${WEB.trimStart()}`)('alice', line), 'block PG108');
    is(
      `blocked where all is only observed: ${line}`,
      row(`mode: observe\n${WEB.trimStart()}`)('root', line),
      'block PG108',
    );
    is(`whatever the config says: ${line}`, row(WEB.replace('"shop-*"', '"*"'))('www-data', line), 'block PG108');
  }
  is('a name that only ends so is an app like any other', web('ops', 'restart my-pm2-guard-verify-x'), 'pass ops');
});

describe('PM2_GUARD=off', () => {
  is('passes', web('root PM2_GUARD=off', 'kill'), 'pass PG004');
  is('where the config allows it', row(`bypass: root\n${WEB}`)('deploy PM2_GUARD=off', 'restart myapp'), 'rewrite web');
  is('not for names kept for verify', web('root PM2_GUARD=off', 'restart pm2-guard-verify-x'), 'block PG108');
});

function verdictWith(config: string, who: string, line: string, evidence: object): string {
  return decided(policyFrom(config), who, line, evidence).type;
}
