import { describe, expect, it } from 'vitest';
import { sudoersLine, sudoersWord } from '../../src/sudoers/line.ts';

const word = (name: string, expected: string | null) => () => {
  expect(sudoersWord(name)).toBe(expected);
};

describe('a name as a word of sudoers', () => {
  it('a login name', word('www-data', 'www-data'));
  it('a group', word('%web', '%web'));
  it('a machine account', word('host$', 'host$'));
  it('a uid', word('#1000', '#1000'));
  it('a gid', word('%#1000', '%#1000'));
  it('-1, which is no uid and every uid', word('#4294967295', null));
  it('digits are a name', word('1000', '"1000"'));
  it('capitals would be an alias', word('DEPLOY', '"DEPLOY"'));
  it('ALL is no name', word('ALL', '"ALL"'));
  it('a keyword', word('Defaults', '"Defaults"'));
  it('an inclusion', word('@include', '"@include"'));
  it('a space', word('%domain users', '"%domain users"'));
  it('a quote', word('a"b', '"a\\"b"'));
  it('a backslash', word('CORP\\alice', 'CORP\\\\alice'));
  it('a backslash and a space', word('%CORP\\domain users', '%CORP\\\\domain\\ users'));
  it('a realm', word('alice@corp.example', '"alice@corp.example"'));
  it('other alphabets', word('jürgen', '"jürgen"'));
  it("the grammar's own characters", word('a=(ALL):,b', '"a=(ALL):,b"'));
  it('nothing', word('', null));
  it('a group without a name', word('%', null));
  it('a newline', word('alice\nbob ALL=(ALL) ALL', null));
  it('a NUL', word('a\0b', null));
  it('what is no uid but begins as one', word('#1000x', null));
  it('a netgroup', word('+admins', null));
  it('a negation', word('!alice', null));
  it('a group of a plugin', word('%:Administrators', null));
  it('text that turns round', word('a\u202eb', null));
  it('bytes that were no UTF-8', word('a\ufffdb', null));
  it('half a character', word('a\ud800', null));
  it('three hundred characters', word('a'.repeat(300), null));
});

describe('the line that allows a call', () => {
  const line = (operator: string, user: string, expected: string) => () => {
    expect(sudoersLine(operator, user)).toBe(expected);
  };
  it('user', line('deploy', 'www-data', 'deploy ALL=(www-data) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2'));
  it('group', line('%web', 'www-data', '%web ALL=(www-data) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2'));
  it(
    'caller without an account',
    line('#1234', 'www-data', '#1234 ALL=(www-data) NOPASSWD:SETENV: /usr/local/lib/pm2-guard/bin/pm2'),
  );
  it(
    'a forged name stays one comment',
    line('x\nevil ALL=(ALL) ALL', 'www-data', '# "x\\nevil ALL=(ALL) ALL" cannot be named in sudoers'),
  );
  it('a group is no user to become', line('deploy', '%web', '# "%web" cannot be named in sudoers'));
});
