import { describe, expect, it } from 'vitest';
import { callsIn } from './reading.ts';

/** One file, and the calls in it: `LINE USER[@WHERE][ VAR=value]: words`. */
const reads =
  (path: string, text: string, ...calls: string[]) =>
  async () => {
    expect(await callsIn(path, text)).toEqual(calls);
  };
const shell = (text: string, ...calls: string[]) => reads('x.sh', text, ...calls);

describe('shell: who runs it', () => {
  it('no user is named', shell('pm2 restart api', '1 ?: restart api'));
  it('sudo', shell('sudo pm2 restart api', '1 root: restart api'));
  it('sudo -u', shell('sudo -n -u ops pm2 ls', '1 ops: ls'));
  it('sudo -u of a variable', shell('sudo -u "$WHO" pm2 ls', '1 {$WHO}: ls'));
  it('a variable that the file sets', shell('WHO=ops\nsudo -u "$WHO" pm2 ls', '2 ops: ls'));
  it('sudo -g alone keeps the user', shell('sudo -g ops pm2 ls', '1 ?: ls'));
  it('sudo -E keeps HOME', shell('sudo -E -u ops pm2 ls', '1 ops HOME=?: ls'));
  it('sudo VAR=value', shell('sudo PM2_HOME=/x pm2 ls', '1 root PM2_HOME=/x: ls'));
  it('sudo -i with standard input', shell('sudo -iu ops <<E\npm2 ls\nE', '2 ops: ls'));
  it('su -c, in either order', shell('su ops -c "pm2 ls"\nsu -c "pm2 ls" ops', '1 ops: ls', '2 ops: ls'));
  it('su with a here-document', shell('su - ops <<E\npm2 ls\nE', '2 ops: ls'));
  it('runuser', shell('runuser -u ops -- pm2 ls\nrunuser -l ops -c "pm2 ls"', '1 ops: ls', '2 ops: ls'));
  it(
    'doas, run0, pkexec',
    shell('doas -u ops pm2 ls\nrun0 pm2 ls\npkexec pm2 ls', '1 ops: ls', '2 root: ls', '3 root: ls'),
  );
  it('gosu, su-exec', shell('gosu ops pm2 ls\nsu-exec ops:ops pm2 ls', '1 ops: ls', '2 ops: ls'));
  it('setpriv keeps HOME', shell('setpriv --reuid=ops --init-groups pm2 ls', '1 ops HOME=?: ls'));
  it('systemd-run', shell('systemd-run --uid=ops pm2 ls\nsystemd-run -p User=ops pm2 ls', '1 ops: ls', '2 ops: ls'));
  it(
    'systemd-run: properties and variables may be repeated, and -t takes no value',
    shell(
      'systemd-run -p User=ops -p Nice=3 -t pm2 ls\nsystemd-run --uid=ops -E PM2_HOME=/x --setenv=A=1 pm2 ls\n' +
        'systemd-run -p Environment=PM2_HOME=/y --property=User=ops pm2 ls\nsystemd-run --scope pm2 ls',
      '1 ops: ls',
      '2 ops PM2_HOME=/x: ls',
      '3 ops PM2_HOME=/y: ls',
      '4 ?: ls',
    ),
  );
  it(
    'run0 sets variables',
    shell(
      'run0 -u ops --setenv=PM2_HOME=/x pm2 ls\nrun0 --setenv A=1 --setenv PM2_HOME=/y pm2 ls',
      '1 ops PM2_HOME=/x: ls',
      '2 root PM2_HOME=/y: ls',
    ),
  );
  it('a check for root that ends the script', shell('[ "$EUID" -eq 0 ] || exit 1\npm2 ls', '2 root: ls'));
  it(
    'a check that holds in one branch',
    shell('if [ "$(id -u)" = 0 ]; then pm2 a; else pm2 b; fi', '1 root: a', '1 ?: b'),
  );
  it('a check by name', shell('[[ $(whoami) == ops ]] || exit 1\npm2 ls', '2 ops: ls'));
  it('a check that proves nothing', shell('[ "$EUID" -ne 0 ] || echo root\npm2 ls', '2 ?: ls'));
  it('a comment', shell('# pm2-guard: run-as ops\npm2 ls', '2 ops: ls'));
});

describe('shell: which environment', () => {
  it('inline', shell('PM2_HOME=/x HOME=/y pm2 ls', '1 ? PM2_HOME=/x HOME=/y: ls'));
  it('exported', shell('export PM2_HOME=/x\npm2 ls', '2 ? PM2_HOME=/x: ls'));
  it('set but not exported', shell('PM2_HOME=/x\npm2 ls', '2 ?: ls'));
  it('sudo drops it', shell('export PM2_HOME=/x\nsudo -u ops pm2 ls', '2 ops: ls'));
  it('su without - keeps it', shell('export PM2_HOME=/x\nsu ops -c "pm2 ls"', '2 ops PM2_HOME=/x: ls'));
  it('env', shell('env -i PM2_HOME=/x pm2 ls\nenv -u A B=1 pm2 a', '1 ? PM2_HOME=/x: ls', '2 ?: a'));
  it('a subshell keeps its own', shell('(export PM2_HOME=/x; pm2 a)\npm2 b', '1 ? PM2_HOME=/x: a', '2 ?: b'));
  it('exported before it has a value', shell('export PM2_HOME\nPM2_HOME=/x\npm2 ls', '3 ? PM2_HOME=/x: ls'));
  it('exported in a subshell alone', shell('(export PM2_HOME)\nPM2_HOME=/x\npm2 ls', '3 ?: ls'));
  it(
    'local variables end with their function',
    shell(
      'A=api\nf() { local PM2_HOME=/x A=b; export PM2_HOME; pm2 stop $A; B=c; }\nf\npm2 stop $A $B',
      '2 ? PM2_HOME=/x: stop b',
      '4 ?: stop api c',
    ),
  );
  it('declare -g does not end with its function', shell('f() { declare -g A=b; }\nf\npm2 stop $A', '3 ?: stop b'));
  it('env --unset and -C', shell('env --unset PM2_HOME -C /x pm2 ls\nenv --chdir=/x pm2 a', '1 ?: ls', '2 ?: a'));
  it('branches that differ', shell('if x; then export PM2_HOME=/x; fi\npm2 ls', '2 ? PM2_HOME=?: ls'));
});

describe('shell: code', () => {
  it('a program in a variable', shell('P=/usr/bin/pm2\n$P ls', '2 ?: ls'));
  it('what command -v says', shell('P=$(command -v pm2)\n"$P" ls', '2 ?: ls'));
  it('a default', shell('"${PM2:-pm2}" ls', '1 ?: ls'));
  it('an array', shell('P=(sudo -u ops pm2)\n"${P[@]}" ls', '2 ops: ls'));
  it('a function where it is called', shell('f() { sudo "$@"; }\nf pm2 restart api', '2 root: restart api'));
  it('shift with a count', shell('f() { shift 2; pm2 stop $1; }\nf a b api', '1 ?: stop api'));
  it('shift leaves nothing behind', shell('f() { shift; pm2 stop $1 $2; }\nf a b', '1 ?: stop b $2'));
  it('shift by more than there are', shell('f() { shift 3; pm2 stop $1; }\nf a b', '1 ?: stop a'));
  it(
    'a function does not see the arguments of its caller',
    shell('g() { pm2 stop $1 $2; }\nf() { g $1; pm2 stop $2; }\nf a b', '1 ?: stop a $2', '2 ?: stop b'),
  );
  it('a function that exits', shell('f() { exit 1; }\nf\npm2 ls'));
  it('a function that returns', shell('f() { return 1; }\nf\npm2 ls', '3 ?: ls'));
  it('a function that is never called', shell('f() { pm2 ls; }', '1 ?: ls'));
  it('bash -c', shell('sudo bash -c "cd /x && pm2 ls"', '1 root: ls'));
  it('eval', shell('eval "sudo pm2 ls"', '1 root: ls'));
  it('a loop over literals', shell('for a in x y; do pm2 stop $a; done', '1 ?: stop x', '1 ?: stop y'));
  it('a substitution', shell('x=$(pm2 jlist)', '1 ?: jlist'));
  it('trap', shell('trap "sudo pm2 ls" EXIT', '1 root: ls'));
  it('wrappers', shell('nice -n 5 timeout 9 nohup pm2 ls', '1 ?: ls'));
  it('find and xargs', shell('echo x | xargs -n1 pm2 stop', '1 ?: stop'));
  it(
    'xargs: -i and -l take no word',
    shell('x | xargs -i pm2 stop {}\nx | xargs -l pm2 ls', '1 ?: stop {}', '2 ?: ls'),
  );
  it('chrt, sshpass -P', shell('chrt -i 0 pm2 ls\nsshpass -P word -e ssh ops@h pm2 ls', '1 ?: ls', '2 ops@h: ls'));
  it('after exit there is nothing', shell('exit 0\npm2 ls'));
  it('ssh', shell('ssh -p 22 ops@h "pm2 ls"\nssh -l ops h pm2 ls', '1 ops@h: ls', '2 ops@h: ls'));
  it('ssh with a URI', shell('ssh ssh://ops@h:2222 pm2 ls\nssh ssh://h pm2 ls', '1 ops@h: ls', '2 ?@h: ls'));
  it('ssh with a here-document for a shell', shell('ssh ops@h bash -s <<E\nsudo pm2 ls\nE', '2 root@h: ls'));
  it('ssh to a variable', shell('ssh "$H" pm2 ls', '1 {$H}@?: ls'));
  it('a pipe into ssh', shell('echo "pm2 ls" | ssh ops@h', '1 ops@h: ls'));
  it('a crontab by pipe', shell('(crontab -l; echo "@daily pm2 ls") | crontab -u ops -', '1 ops: ls'));
  it('a script that is written', shell('cat > /etc/cron.d/x <<E\n@daily ops pm2 ls\nE', '2 ops: ls'));
  it('docker exec is another world', shell('docker exec x pm2 ls'));
});

describe('shell: text', () => {
  for (const text of [
    '# pm2 ls',
    'echo "pm2 ls"',
    'printf "%s" "sudo pm2 ls"',
    'npm install -g pm2',
    'command -v pm2',
    'tail ~/.pm2/pm2.log',
    'x="pm2 ls"',
    'cat > /etc/motd <<E\npm2 ls\nE',
    'cat <<E\npm2 ls\nE',
    'log_error "pm2 ls"',
    'systemctl status pm2-root',
    'grep "pm2 ls" x',
  ])
    it(text.replace(/\n/g, '; '), shell(text));
});
