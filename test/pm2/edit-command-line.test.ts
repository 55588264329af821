import { describe, expect, it } from 'vitest';
import { withOnly, withoutOptions, withStartup, withTargets } from '../../src/pm2/edit-command-line.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import type { ParseContext } from '../../src/pm2/invocation.ts';

/** `_` is a blank inside a word. */
const words = (line: string) => line.split(' ').map((word) => word.replace(/_/g, ' '));
const context: ParseContext = { major: 7, env: {}, cwd: '/srv/app' };
const read = (line: string) => interpret(words(line), context);

describe('withTargets', () => {
  /** What stands in brackets is kept. */
  const _ =
    (line: string, expected: string | null, env: NodeJS.ProcessEnv = {}) =>
    () => {
      const marked = words(line);
      const kept = marked.flatMap((word, at) => (/^\[.*\]$/.test(word) ? [at] : []));
      const argv = marked.map((word) => word.replace(/^\[(.*)\]$/, '$1'));
      const invocation = interpret(argv, { ...context, env });
      const keep = [...invocation.targets, ...invocation.starts].filter(({ at }) => at !== null && kept.includes(at));
      expect(withTargets(invocation, { ...context, env }, keep)).toEqual(expected === null ? null : words(expected));
    };

  describe('an app that is called like a command', () => {
    it('keeps kill', _('stop [kill] stop', 'stop kill'));
    it('keeps stop', _('stop kill [stop]', 'stop stop'));
    it('keeps the other', _('restart restart [api]', 'restart api'));
    it('an alias', _('del del [save] ls', 'del save'));
    it('startup', _('stop startup [unstartup] web', 'stop unstartup'));
  });

  describe('the only word', () => {
    it('a name that is started under another name stays', _('start [worker] --name job2', 'start worker --name job2'));
    it('is not dropped from start: bare start is ecosystem.config.js', _('start worker --name job2', null));
    it('is not dropped with name= in the environment', _('start worker', null, { name: 'job2' }));
    it('is not dropped from logs: bare logs is all of them', _('logs web', null));
    it('is not dropped from flush: bare flush is all of them', _('flush web', null));
    it('is not dropped from stop', _('stop web', null));
    it('nothing to drop', _('kill', 'kill'));
    it('nothing to drop, with options', _('save --force', 'save --force'));
  });

  describe('an app that is also the value of an option', () => {
    it('behind it', _('restart worker [api] --name worker', 'restart api --name worker'));
    it('behind it, the same app', _('restart [worker] api --name worker', 'restart worker --name worker'));
    it('before it, the other order', _('restart api [worker] --name worker', 'restart worker --name worker'));
    it('before the words', _('delete --name web web [queue]', 'delete --name web queue'));
    it('before the words, the same app', _('delete --name web [web] queue', 'delete --name web web'));
    it('before the command', _('--name web delete web [x]', '--name web delete x'));
    it('before the command, the same app', _('--name web delete [web] x', '--name web delete web'));
    it('short', _('start -n worker worker [web.js]', 'start -n worker web.js'));
    it('short, the same app', _('start -n worker [worker] web.js', 'start -n worker worker'));
    it('joined', _('restart --name=web web [api]', 'restart --name=web api'));
    it('--env', _('restart api [web] --env web', 'restart web --env web'));
    it('--namespace', _('restart [api] web --namespace web', 'restart api --namespace web'));
    it('--watch takes the first', _('restart --watch web web [api]', 'restart --watch web api'));
    it('--only', _('restart web [eco.json] --only web', 'restart eco.json --only web'));
    it('options stay in their places', _('-f restart a -n b [c] --time d', '-f restart -n b c --time'));
  });

  describe('words after --', () => {
    it("are the app's", _('start worker [shop-b] -- api worker', 'start shop-b -- api worker'));
    it("are the app's, the other", _('start [worker] shop-b -- api worker', 'start worker -- api worker'));
    it('of a restart', _('restart web [api] -- --port 3 web2', 'restart api -- --port 3 web2'));
    it('are targets of stop', _('stop [a] -- b', 'stop a --'));
    it('are targets of stop, the other', _('stop a -- [b]', 'stop -- b'));
    it('are targets of delete', _('delete a -- [-b] c', 'delete -- -b'));
    it('of a start that loses its last word by it', _('start a.js [b.js] c.js --', 'start b.js c.js --'));
    it('of a restart with the same words', _('restart a [b] -- b', null));
  });

  describe('scripts', () => {
    it('two', _('start web.js [worker.js]', 'start worker.js'));
    it('two, the first', _('start [web.js] worker.js', 'start web.js'));
    it('a script and a name', _('start web.js [worker]', 'start worker'));
    it('a name and a script', _('start web.js [site]', 'start site'));
    it('a command line', _('start node_a.js [site]', 'start site'));
    it('a command line is kept', _('start [node_a.js] site', 'start node_a.js'));
    it('the same file twice', _('start web.js [web.js]', 'start web.js'));
    it('a name that the dropped script would have', _('start web.js [web]', null));
    it('a name that the kept script has', _('start [web.js] web', 'start web.js'));
    it('a process file and a name', _('restart worker [eco.json]', 'restart eco.json'));
    it('a name and a process file', _('restart [worker] eco.json', 'restart worker'));
    it('--only stays', _('restart [worker] eco.json --only web', 'restart worker --only web'));
    it('behind an option of the command', _('start a.js --fresh [b.js] c.js', 'start --fresh b.js'));
    it('behind an option of the command, where c.js would come first', _('start [a.js] --fresh b.js [c.js]', null));
    it('before an option of the command', _('start --fresh [b.js] a.js', 'start --fresh b.js'));
    it('joined to an option of the command', _('start a.js [c.js] --fresh=b.js', null));
  });

  it('log, which PM2 reads as logs', _('stop log [log]', null));
  it('log is kept', _('stop [log] web', 'stop log'));
  it('all and a name', _('stop all [web]', 'stop web'));
  it('a regex and a name', _('stop /w/ [web] 3', 'stop web'));
  it('an empty word', _('stop  [web]', 'stop web'));
  it('standard input is left', _('stop web [-]', 'stop -'));
  it('a name would become standard input', _('delete web [-]', null));
  it('a word that ends --watch', _('stop a -- --watch [b]', null));
  it('several are kept', _('stop [a] b [c] d', 'stop a c'));

  it('keeps a word for its name or for its script', () => {
    const invocation = read('start api web');
    for (const thing of [invocation.targets[0], invocation.starts[0]]) {
      expect(withTargets(invocation, context, thing ? [thing] : [])).toEqual(['start', 'api']);
    }
  });
  it('takes no things of another call', () => {
    expect(withTargets(read('stop api web'), context, read('stop api').targets)).toBe(null);
  });
});

describe('withOnly', () => {
  const _ =
    (line: string, names: string, ...expected: (string | null)[]) =>
    () => {
      const want = expected[0] === null ? null : expected.map((command) => words(command ?? ''));
      expect(withOnly(read(line), context, names === '' ? [] : words(names))).toEqual(want);
    };
  it('delete compares with one name', _('delete e.json', 'a b', 'delete e.json --only a', 'delete e.json --only b'));
  it('stop compares with one name', _('stop e.json', 'a b', 'stop e.json --only a', 'stop e.json --only b'));
  it('restart from standard input', _('restart -', 'web api', 'restart - --only web', 'restart - --only api'));
  it('restart from a file', _('restart eco.json', 'web api', 'restart eco.json --only web,api'));
  it('start from standard input', _('start -', 'web api', 'start - --only web,api'));
  it('delete from standard input', _('delete -', 'web', 'delete - --only web'));
  it('start', _('start three.config.js', 'worker', 'start three.config.js --only worker'));
  it('the default process file', _('start', 'worker', 'start --only worker'));
  it('reload', _('reload eco.json', 'a b', 'reload eco.json --only a,b'));
  it('startOrReload', _('startOrReload eco.json --env prod', 'a b', 'startOrReload eco.json --env prod --only a,b'));
  it('before --', _('start eco.json -- --port 3', 'worker', 'start eco.json --only worker -- --port 3'));
  it('before --, for stop', _('stop -- eco.json', 'web', 'stop --only web -- eco.json'));
  it('with a name besides', _('restart worker eco.json', 'web', 'restart worker eco.json --only web'));
  it('instead of another', _('start eco.json --only a,b,c --env x', 'b', 'start eco.json --env x --only b'));
  it('instead of others', _('--only=x start eco.json --only a', 'a', 'start eco.json --only a'));
  it('never more than was typed', _('start eco.json --only a', 'a b', null));
  it('-- for a value', _('start eco.json b.json -e --', 'a', 'start --only a eco.json b.json -e --'));
  it('-- for a value, with arguments', _('start eco.json -e -- x', 'a', 'start --only a eco.json -e -- x'));
  it('-- in a word', _('start -s-s eco.json', 'a', 'start --only a -s-s eco.json'));
  it('log, which PM2 reads as logs', _('start eco.json', 'log', 'start eco.json --only=log'));
  it('startup, by which PM2 does not connect', _('start eco.json', 'startup', 'start eco.json --only=startup'));
  it('--no-daemon, by which PM2 starts one', _('start eco.json', '--no-daemon', 'start eco.json --only=--no-daemon'));
  it('a name that begins with -', _('stop eco.json', '-x', 'stop eco.json --only -x'));
  it('a comma', _('start eco.json', 'a,b', null));
  it('a blank', _('reload eco.json', 'a_b c', null));
  it('a blank, of one that is compared', _('stop eco.json', 'a_b', 'stop eco.json --only a_b'));
  it('a name twice', _('reload eco.json', 'a b a', 'reload eco.json --only a,b'));
  it('no name', _('start eco.json', '', null));
  it('an empty name', () => {
    expect(withOnly(read('start eco.json'), context, [''])).toBe(null);
  });
  it('no process file', _('restart web', 'web', null));
  it('a file and standard input', _('restart - eco.json', 'web', null));
  it('another command', _('list', 'web', null));
});

describe('withoutOptions', () => {
  const attrs = ['uid', 'gid', 'user'];
  const _ = (line: string, expected: string | null) => () => {
    expect(withoutOptions(read(line), context, attrs)).toEqual(expected === null ? null : words(expected));
  };
  it('none', _('start app.js --name u', 'start app.js --name u'));
  it('--uid x', _('start app.js --uid x', 'start app.js'));
  it('--uid=x', _('start app.js --uid=x -f', 'start app.js -f'));
  it('--gid', _('start --gid 33 app.js', 'start app.js'));
  it('-u x', _('start -u x app.js', 'start app.js'));
  it('--user x', _('--user x start app.js', 'start app.js'));
  it('-ux is -u with the value -x', _('start -ux app.js', 'start app.js'));
  it('-uxf', _('start app.js -uxf', 'start app.js -f'));
  it('-fu x', _('start -fu x app.js', 'start -f app.js'));
  it('-fux', _('start -fux app.js', 'start -f app.js'));
  it('before the command', _('-u x --uid y restart api', 'restart api'));
  it('before and behind', _('--uid x start app.js -u y --gid=z -- -u w', 'start app.js -- -u w'));
  it('twice', _('start --uid a --uid b app.js', 'start app.js'));
  it('the value is an option', _('start --uid --gid app.js', 'start app.js'));
  it('the value is a target', _('restart -u api api', 'restart api'));
  it('the value is the command', _('-u start start app.js', 'start app.js'));
  it('the option is a value', _('start app.js --name --uid', 'start app.js --name --uid'));
  it("the option is the app's", _('start app.js -- --uid x', 'start app.js -- --uid x'));
  it('the option is in -s-u', _('restart api -s-u', 'restart api -s-u'));
  it('the value is --', _('start -u -- app.js', null));
  it('--watch would take the script', _('start --watch --uid x app.js', 'start app.js --watch'));
  it('--watch would take the script, with arguments', _('start --watch -u x app.js -- a', 'start app.js --watch -- a'));
  it('two would', _('start --watch -u x app.js --log --gid y b.js', 'start app.js b.js --watch --log'));
  it('-l would', _('start -flu x app.js', 'start app.js -fl'));
  it('--fresh would', _('start a.js --fresh -u x b.js', 'start a.js b.js --fresh'));
  it('-su: -s alone is what PM2 looks for', _('restart api -su x', null));
  it('-u -s: PM2 was silent', _('restart api -u -s', null));
  it('deploy hands on all words', _('deploy eco.json prod -u x', null));
  it('list', _('list -u x', 'list'));
  it('PM2 refuses both lines, for another reason', _('save -uo-x', null));
  it('never read', _('-v --uid x', '-v --uid x'));
});

describe('withStartup', () => {
  const told = (user: string, hp: string | null) => (line: string, expected: string | null) => () => {
    expect(withStartup(read(line), context, { user, hp })).toEqual(expected === null ? null : words(expected));
  };
  const _ = told('ops', '/srv/ops');
  const without = told('ops', null);
  it('nothing said', _('startup', 'startup -u ops --hp /srv/ops'));
  it('a platform', _('startup systemd', 'startup systemd -u ops --hp /srv/ops'));
  it('unstartup', _('unstartup upstart -f', 'unstartup upstart -f -u ops --hp /srv/ops'));
  it('another user', _('startup systemd -u www-data', 'startup systemd -u ops --hp /srv/ops'));
  it('another home', _('startup systemd -u ops --hp /home/ops', 'startup systemd -u ops --hp /srv/ops'));
  it('no --hp', without('startup systemd -u ops --hp /home/ops', 'startup systemd -u ops'));
  it('no --hp, joined', without('startup --hp=/home/ops systemd', 'startup systemd -u ops'));
  it('twice', _('startup -u alice -u ops --hp /a --hp=/b', 'startup -u ops --hp /srv/ops'));
  it('long and short', _('startup --user alice -u bob', 'startup -u ops --hp /srv/ops'));
  it('clustered', _('startup -fu bob systemd', 'startup -f systemd -u ops --hp /srv/ops'));
  it('before the command', _('-u bob startup systemd', 'startup systemd -u ops --hp /srv/ops'));
  it('other options', _('startup --service-name x', 'startup --service-name x -u ops --hp /srv/ops'));
  it('before --', _('startup -- systemd', 'startup -u ops --hp /srv/ops -- systemd'));
  it('behind --', _('-- startup', '-u ops --hp /srv/ops -- startup'));
  it('-- in --=', _('startup --=', 'startup -u ops --hp /srv/ops --='));
  it('-- in a cluster', _('unstartup -no-daemon', 'unstartup -u ops --hp /srv/ops -no-daemon'));
  it('-- in another', _('startup -s-s', 'startup -u ops --hp /srv/ops -s-s'));
  it('-- for a value', _('startup -e --', 'startup -u ops --hp /srv/ops -e --'));
  it('-- for a value, before others', _('startup -e -- -u x', 'startup -u ops --hp /srv/ops -e --'));
  it('-- for a value, with a platform', _('startup -e -- systemd', 'startup -u ops --hp /srv/ops -e -- systemd'));
  it('-- for the user', _('startup -u --', 'startup -u ops --hp /srv/ops'));
  it('a home is the user', _('startup -u --hp /x', 'startup /x -u ops --hp /srv/ops'));
  it('a user that is called like an option', told('--log', '/srv')('startup', 'startup -u --log --hp /srv'));
  it('another command', _('start startup', null));
  it('help', _('startup --help', null));
  it('is not read', _('startup -u', null));
});
