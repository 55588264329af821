import { describe, expect, it } from 'vitest';
import { interpret } from '../../src/pm2/interpret.ts';
import { sameMeaning } from '../../src/pm2/same-meaning.ts';

const read = (line: string, cwd = '/srv') => interpret(line.split(' '), { major: 7, env: {}, cwd });
const same =
  (a: string, b: string, ...except: string[]) =>
  () => {
    expect(sameMeaning(read(a), read(b), except)).toBe(true);
  };
const not =
  (a: string, b: string, ...except: string[]) =>
  () => {
    expect(sameMeaning(read(a), read(b), except)).toBe(false);
  };

describe('means the same', () => {
  it('the same line', same('restart api', 'restart api'));
  it('an alias', same('del a', 'delete a'));
  it('log', same('log a', 'logs a'));
  it('options in another place', same('-f restart api', 'restart api -f'));
  it('another spelling', same('restart --name=x a', 'restart a -n x'));
  it('a value that looks like a target', same('restart a --watch b', 'restart --watch b a'));
  it('an option that may differ', same('start a --uid x', 'start a', 'uid'));
  it('stop has no arguments for the app', same('stop a b', 'stop a -- b'));
});

describe('means another thing', () => {
  it('target', not('restart api', 'restart web'));
  it('command', not('restart api', 'reload api'));
  it('order', not('restart a b', 'restart b a'));
  it('option', not('restart a', 'restart a --name b'));
  it('value', not('start a --uid x', 'start a --uid y', 'gid'));
  it('a list', not('restart a --watch b --watch c', 'restart a --watch c --watch b'));
  it('an option of the command', not('logs a --lines 3', 'logs a --lines 4'));
  it('arguments of the app', not('start a -- x', 'start a -- y'));
  it('no arguments of the app', not('start a -- x', 'start a'));
  it('how many', not('scale a 2', 'scale a 3'));
  it('signal', not('sendSignal TERM a', 'sendSignal KILL a'));
  it('value of a setting', not('set a:b c', 'set a:b d'));
  it('platform', not('startup a', 'startup b'));
  it('all logs', not('logs a', 'logs'));
  it('silence', not('list', 'list --silent'));
  it('a daemon in the foreground', not('start a', 'start a --no-daemon'));
  it('--watch as a word: PM2 looks for it in argv', not('start a.js -n --watch', 'start a.js --name=--watch'));
  it('unknown commands', not('foo', 'bar'));
  it('another error', not('save -n -o -- -d', 'save -o -- -d', 'name', 'output'));
  it('help', not('start --help', 'stop --help'));
  it('version and help', not('-v', '--help'));
  it('deploy: PM2 hands on its words as typed', not('deploy a b -f', 'deploy -f a b'));
  it('the directory', () => {
    expect(sameMeaning(read('start a.js', '/a'), read('start a.js', '/b'))).toBe(false);
  });
});
