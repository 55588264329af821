import { describe, expect, it } from 'vitest';
import { payloadOf, plainWords } from '../../src/sudo/payload.ts';

/** `[wrappers] pm2 words {what is set}`. */
function found(words: string[]): string {
  const payload = payloadOf(words);
  if (payload === null) return 'left alone';
  const sets = payload.sets.map(({ name, value }) => (value === null ? `-${name}` : `${name}=${value}`));
  return [
    ...(payload.wrappers.length > 0 ? [`[${payload.wrappers.join(' ')}]`] : []),
    payload.pm2,
    ...payload.argv,
    ...(payload.cleared || sets.length > 0 ? [`{${[...(payload.cleared ? ['-'] : []), ...sets].join(' ')}}`] : []),
  ].join(' ');
}

const line = (text: string, expected: string) => {
  it(text, () => {
    expect(found(text.split(' '))).toBe(expected);
  });
};
const shell = (text: string, expected: string, words = ['sh', '-c']) => {
  it(`${words.join(' ')} ${JSON.stringify(text)}`, () => {
    expect(found([...words, text])).toBe(expected);
  });
};

describe('behind programs that run another', () => {
  line('pm2 restart myapp', 'pm2 restart myapp');
  line('/usr/bin/pm2 list', '/usr/bin/pm2 list');
  line('./pm2 list', 'left alone');
  line('node_modules/.bin/pm2 list', 'left alone');
  line('pm2x list', 'left alone');
  line('env pm2 list', 'pm2 list');
  line('env PM2_HOME=/x A= pm2 list', 'pm2 list {PM2_HOME=/x A=}');
  line('/usr/bin/env A=1 pm2 list', 'pm2 list {A=1}');
  line('/home/alice/env A=1 pm2 list', 'left alone');
  line('env -i A=1 pm2 list', '[env -i A=1] pm2 list {- A=1}');
  line('env - pm2 list', '[env -] pm2 list {-}');
  line('env -u PM2_HOME pm2 list', '[env -u PM2_HOME] pm2 list {-PM2_HOME}');
  line(
    'env --unset=PM2_HOME -uHOME -- A=1 pm2 list',
    '[env --unset=PM2_HOME -uHOME -- A=1] pm2 list {-PM2_HOME -HOME A=1}',
  );
  line('env -C / pm2 list', 'left alone');
  line('env -S pm2 list', 'left alone');
  line('env =x pm2', 'left alone');
  line('env A=1', 'left alone');
  line('nice pm2 list', '[nice] pm2 list');
  line('nice -n 5 pm2 list', '[nice -n 5] pm2 list');
  line('nice -n5 pm2 list', '[nice -n5] pm2 list');
  line('nice -10 pm2 list', '[nice -10] pm2 list');
  line('nice --adjustment=5 pm2 list', '[nice --adjustment=5] pm2 list');
  line('nice --help pm2 list', 'left alone');
  line('nohup pm2 start app.js', '[nohup] pm2 start app.js');
  line('nohup -- pm2 start app.js', '[nohup --] pm2 start app.js');
  line('timeout 5 pm2 list', '[timeout 5] pm2 list');
  line('timeout -s KILL -k 3 --foreground 5m pm2 list', '[timeout -s KILL -k 3 --foreground 5m] pm2 list');
  line('timeout --signal=INT --kill-after 3 5 pm2 list', '[timeout --signal=INT --kill-after 3 5] pm2 list');
  line('timeout pm2 list', 'left alone');
  line('stdbuf -oL -e 0 pm2 logs', '[stdbuf -oL -e 0] pm2 logs');
  line('ionice -c 3 pm2 list', '[ionice -c 3] pm2 list');
  line('ionice -c3 -t pm2 list', '[ionice -c3 -t] pm2 list');
  line('ionice -p 1', 'left alone');
  line('setsid -w pm2 list', '[setsid -w] pm2 list');
  line('env A=1 nice -n 5 env B=2 A=3 pm2 list', '[nice -n 5] pm2 list {A=1 B=2 A=3}');
  line('env A=1 env -i B=2 pm2 list', '[env A=1 env -i B=2] pm2 list {- B=2}');
  line('env -u A env A=1 pm2 list', '[env -u A env A=1] pm2 list {-A A=1}');
  line('constructor pm2 list', 'left alone');
  line('su - www-data -c pm2', 'left alone');
  line('node pm2', 'left alone');
});

describe("in a shell's -c", () => {
  shell('pm2 restart myapp', 'pm2 restart myapp');
  shell('  pm2   restart  "my app" \'x y\'a"b"', 'pm2 restart my app x yab');
  shell('pm2 restart myapp', 'pm2 restart myapp', ['/bin/bash', '-c']);
  shell('pm2 restart myapp', 'pm2 restart myapp', ['bash', '-euc']);
  shell('pm2 restart myapp', 'left alone', ['bash', '-lc']);
  shell('pm2 restart myapp', 'left alone', ['bash', '-x', '-c']);
  shell('pm2 restart myapp', '[nice] pm2 restart myapp', ['nice', 'sh', '-c']);
  shell('PM2_HOME=/x pm2 list', 'pm2 list {PM2_HOME=/x}');
  shell('nice -n 5 pm2 list', '[nice -n 5] pm2 list');
  for (const text of [
    'cd /srv/blog && pm2 restart blog',
    'pm2 list; id',
    'pm2 list | cat',
    'pm2 list > /tmp/x',
    'pm2 restart $APP',
    'pm2 restart `id`',
    'pm2 restart $(id)',
    'pm2 restart "$APP"',
    'pm2 restart a*',
    'pm2 restart a?',
    'pm2 restart [ab]',
    'pm2 restart ~/x',
    'pm2 restart {a,b}',
    'pm2 restart # all',
    'pm2 restart a\\ b',
    'pm2 restart !!',
    'pm2 list &',
    'pm2 list\nid',
    '( pm2 list )',
    '! pm2 list',
    'pm2 restart "a',
    'exec pm2 list',
    '',
    'PM2_HOME=/x',
  ])
    shell(text, 'left alone');
  it('with words behind it', () => {
    expect(found(['sh', '-c', 'pm2 list', 'sh'])).toBe('left alone');
  });
});

it('plain words are what a shell makes of them', () => {
  expect(plainWords('a "b  c" \'d\'e "" \'\'')).toEqual(['a', 'b  c', 'de', '', '']);
  expect(plainWords('a=b "c=d" --x="y z" %u @x ^a')).toEqual(['a=b', 'c=d', '--x=y z', '%u', '@x', '^a']);
});
