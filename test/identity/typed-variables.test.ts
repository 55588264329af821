import { describe, expect, it } from 'vitest';
import { typedIn } from '../../src/identity/typed-variables.ts';

describe("typed on sudo's line", () => {
  const env = { A: '1', B: 'two words', C: '3', D: '4' };
  it.each([
    ['sudo A=1 pm2 restart x', ['A']],
    ['/usr/bin/sudo -u root A=2 C=3 pm2 list', ['C']],
    ['sudo env A=1 nice pm2 x', ['A']],
    ['sudo --preserve-env=A,D pm2 x', ['A', 'D']],
    ['sudo --preserve-env=A D -u root env C=3 pm2 x', ['A', 'C', 'D']],
    ['sudo pm2 start x -- A=1 --preserve-env=D', []],
    ['bash A=1 pm2', []],
    ['sudo-rs C=3 /usr/local/bin/pm2', ['C']],
    ['sudo -E pm2 x', []],
    ['sudo -u pm2 A=1 /opt/bin/pm2 start D=4', ['A']],
    ['sudo -nHu pm2 --group pm2 C=3 pm2 list', ['C']],
    ['sudo -uroot pm2 start x -- A=1', []],
    ['sudo -nuapp A=1 pm2 start x -- C=3', ['A']],
  ])('%s', (line, names) => {
    expect([...typedIn(line.split(' '), env)]).toEqual(names);
  });
  it('whole words, and words inside the text of a shell', () => {
    expect([...typedIn(['sudo', 'B=two words', 'pm2', 'list'], env)]).toEqual(['B']);
    expect([...typedIn(['sudo', 'sh', '-c', 'A=1 pm2 restart x'], env)]).toEqual(['A']);
    expect([...typedIn(['sudo', 'sh', '-c', 'C=3 exec /usr/local/bin/pm2'], env)]).toEqual(['C']);
  });
  it('a value that ends as the path of a pm2 does', () => {
    const paths = { LOGS: '/var/log/pm2', D: '4' };
    expect([...typedIn('sudo LOGS=/var/log/pm2 D=4 pm2 restart x'.split(' '), paths)]).toEqual(['LOGS', 'D']);
  });
});
