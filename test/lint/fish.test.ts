import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { bashOfFish } from '../../src/lint/fish/translate.ts';
import { loadGrammars } from '../../src/lint/shell/grammar.ts';
import { Fragment } from '../../src/lint/text.ts';
import { said } from './linting.ts';
import { callsIn } from './reading.ts';

const fish =
  (text: string, ...calls: string[]) =>
  async () => {
    expect(await callsIn('x.fish', text)).toEqual(calls);
  };

describe('fish: who runs it, with which PM2_HOME', () => {
  it('set -x', fish('set -x PM2_HOME /x\npm2 ls', '2 ? PM2_HOME=/x: ls'));
  it('set -gx, set --export', fish('set -gx PM2_HOME /x\nset --export HOME /y\npm2 ls', '3 ? PM2_HOME=/x HOME=/y: ls'));
  it('set without -x reaches no command', fish('set PM2_HOME /x\npm2 ls', '2 ?: ls'));
  it('set -e', fish('set -gx PM2_HOME /x\nset -e PM2_HOME\npm2 ls', '3 ?: ls'));
  it(
    'inline, and by env',
    fish('PM2_HOME=/x pm2 ls\nenv PM2_HOME=/y pm2 ls', '1 ? PM2_HOME=/x: ls', '2 ? PM2_HOME=/y: ls'),
  );
  it('what is local to a block', fish('begin; set -lx PM2_HOME /x; pm2 a; end\npm2 b', '1 ? PM2_HOME=/x: a', '2 ?: b'));
  it('sudo, su', fish('sudo -u ops pm2 ls\nsu - ops -c "pm2 ls"\nsudo pm2 ls', '1 ops: ls', '2 ops: ls', '3 root: ls'));
  it('a value that a command gives', fish('set -x PM2_HOME (getent passwd ops)\npm2 ls', '2 ? PM2_HOME=?: ls'));
  it('a check for root', fish('if test (id -u) -eq 0\n  pm2 a\nelse\n  pm2 b\nend', '2 root: a', '4 ?: b'));
  it('a check for root that ends the script', fish('fish_is_root_user; or exit 1\npm2 ls', '2 root: ls'));
  it('a check by name', fish('test (whoami) = ops; or exit 1\npm2 ls', '2 ops: ls'));
  it('a check that negates', fish('if not fish_is_root_user\n  echo no\n  exit 1\nend\npm2 ls', '5 root: ls'));
  it('the comment', fish('# pm2-guard: run-as ops\npm2 ls', '2 ops: ls'));
  it('by its first line', async () => {
    expect(await callsIn('deploy', '#!/usr/bin/env fish\nset -x PM2_HOME /x\npm2 ls\n')).toEqual([
      '3 ? PM2_HOME=/x: ls',
    ]);
  });
});

describe('fish: code', () => {
  it('if, else if, else', fish('if x; pm2 a; else if y; pm2 b; else; pm2 c; end', '1 ?: a', '1 ?: b', '1 ?: c'));
  it('and, or', fish('cd /x; and pm2 a\nor pm2 b', '1 ?: a', '2 ?: b'));
  it('&&, ||, !', fish('cd /x && pm2 a || pm2 b\n! pm2 c', '1 ?: a', '1 ?: b', '2 ?: c'));
  it(
    'a condition of several parts',
    fish('if pm2 pid a; and not pm2 pid b\n  pm2 c\nend', '1 ?: pid a', '1 ?: pid b', '2 ?: c'),
  );
  it(
    'a substitution',
    fish('set pid (pm2 pid api)\necho "$(pm2 jlist)" (pm2 ls)', '1 ?: pid api', '2 ?: jlist', '2 ?: ls'),
  );
  it('a loop over literals', fish('for a in x y; pm2 stop $a; end', '1 ?: stop x', '1 ?: stop y'));
  it('a loop over a list', fish('set apps x y\nfor a in $apps\n  pm2 stop $a\nend', '3 ?: stop x', '3 ?: stop y'));
  it('while', fish('while not pm2 ping\n  sleep 1\nend', '1 ?: ping'));
  it(
    'switch',
    fish(
      'switch $argv[1]\n  case up start\n    pm2 start x.js\n  case "*"\n    pm2 ls\nend',
      '3 ?: start x.js',
      '5 ?: ls',
    ),
  );
  it('a command in a list', fish('set run sudo -u ops pm2\n$run ls', '2 ops: ls'));
  it('one value of a list', fish('set apps x y\npm2 stop $apps[2]', '2 ?: stop y'));
  it(
    'a function with named arguments',
    fish('function up -a app -d "starts"\n  pm2 start $app\nend\nup api', '2 ?: start api'),
  );
  it('a function with $argv', fish('function up\n  sudo pm2 $argv\nend\nup stop api', '2 root: stop api'));
  it('$argv[1]', fish('function up\n  pm2 stop $argv[1]\nend\nup api', '2 ?: stop api'));
  it('a function that is never called', fish('function up; pm2 ls; end', '1 ?: ls'));
  it(
    'pipes and redirections',
    fish('pm2 jlist 2>/dev/null | string match -q x &\npm2 a &| cat', '1 ?: jlist', '2 ?: a'),
  );
  it('an alias', fish('alias p "sudo pm2"\np ls', '2 root: ls'));
  it('bash -c', fish("sudo bash -c 'pm2 ls'", '1 root: ls'));
  it('ssh', fish('ssh ops@h "pm2 ls"', '1 ops@h: ls'));
  it("quotes within ' '", fish("sudo sh -c 'echo \\'x\\'; pm2 ls'", '1 root: ls'));
  it('after exit there is nothing', fish('exit 0\npm2 ls'));
});

describe('fish: text', () => {
  for (const text of [
    '# pm2 ls',
    'echo "pm2 ls"',
    'command -q pm2',
    'type -q pm2; and echo yes',
    'set x "pm2 ls"',
    "echo 'pm2 ls'",
  ])
    it(text, fish(text));
});

describe('fish: findings stand at their place, with a fix in the words of fish', () => {
  const WEB = 'daemons:\n  web: { user: www-data, home: /var/www/.pm2, apps: [api] }\n';
  it('the line of a call in a block', async () => {
    expect(await said('if test -d /srv\n  cd /srv\n  sudo pm2 restart api; or exit 1\nend\n', WEB, 'x.fish')).toEqual([
      '3 wrong PL001',
    ]);
  });
  it('start where restart fails', async () => {
    expect(await said('pm2 restart api; or pm2 start x.js\n', null, 'x.fish')).toEqual([
      '1 risky PL011',
      '1 risky PL011',
    ]);
  });
});

describe('the translation', () => {
  beforeAll(() => loadGrammars(['bash', 'fish']));
  const texts = [
    'if a; and b # c\n  z\nelse if not q\n  p &| t\nelse\nend | cat > f',
    'if a\nend; and b',
    'begin; end\nfor i in a (b); end\nwhile true; end\nfunction f; end\nswitch x; case a; end',
    "switch (uname)\ncase a b\ncase '*'; x; and y\nend",
    'begin\n  # only this\nend',
    'set -gx A b; set -e A; set -q A; or set B; set PATH /x $PATH; set -a L x y',
    'function f -a n m --description "d"; echo $argv[2..-1] "$n" $argv[-1] $status; end',
    "echo 'it\\'s \\\\ ' \"$(x)\" (y (z)) {a,b} ~/c $x[1]",
    'x\n\n# between\nor y\nand begin; z; end',
  ];
  for (const text of texts)
    it(`is bash: ${text.replace(/\n/g, '; ')}`, () => {
      const bash = bashOfFish(new Fragment(text, 0));
      if (typeof bash === 'string') throw new Error(bash);
      const { status, stderr } = spawnSync('bash', ['-n'], { input: bash.text, encoding: 'utf8' });
      expect({ status, stderr, text: bash.text }).toEqual({ status: 0, stderr: '', text: bash.text });
    });
  it('keeps what is no fish, and does not hang', () => {
    for (const text of ['if if if end end', '((((', 'end\nend', "'", 'set', 'switch', 'case x', 'begin;'.repeat(300)])
      expect(typeof bashOfFish(new Fragment(text, 0))).toMatch(/object|string/);
  });
});
