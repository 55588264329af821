import { describe, expect, it } from 'vitest';
import { conclusionOf } from '../../src/verify/conclusion.ts';
import type { VerifyFinding, WayState } from '../../src/verify/finding.ts';
import { fold } from '../../src/verify/fold.ts';

const finding = (state: WayState, more: Partial<VerifyFinding> = {}): VerifyFinding => ({
  way: 'cron job',
  user: 'alice',
  target: null,
  state,
  answers: state === 'covered' ? 'guard' : null,
  path: null,
  version: null,
  why: null,
  cures: [],
  ...more,
});

describe('ways that end alike', () => {
  it('are told once, with all users', () => {
    expect(fold([finding('covered', { path: '/a' }), finding('covered', { user: 'bob', path: '/b' })])).toMatchObject([
      { way: 'cron job', users: ['alice', 'bob'] },
    ]);
  });
  it('USER stands for each in the way, the reason and the cure', () => {
    const su = (target: string) =>
      finding('gap', {
        user: 'root',
        target,
        way: `su - ${target} -c pm2`,
        path: `/home/${target}/bin/pm2`,
        why: `${target}'s files`,
        cures: [`sudo crontab -u ${target} -l`],
      });
    expect(fold([su('alice'), su('bob')])).toMatchObject([
      {
        way: 'su - USER -c pm2',
        path: '/home/USER/bin/pm2',
        why: "USER's files",
        cures: ['sudo crontab -u USER -l'],
        users: ['root as alice, bob'],
      },
    ]);
  });
  it('one alone keeps its name', () => {
    expect(fold([finding('gap', { why: "alice's files" })])).toMatchObject([
      { why: "alice's files", users: ['alice'] },
    ]);
  });
  it('another reason is another row, and a name inside a word is none', () => {
    expect(fold([finding('gap', { why: 'x' }), finding('gap', { user: 'bob', why: 'y' })])).toHaveLength(2);
    expect(
      fold([
        finding('gap', { user: 'web', why: '/srv/web-old' }),
        finding('gap', { user: 'bob', why: '/srv/web-old' }),
      ]),
    ).toMatchObject([{ why: '/srv/web-old' }]);
  });
});

describe('the conclusion', () => {
  const of = (states: WayState[], strict = false) =>
    conclusionOf(
      states.map((state) => finding(state)),
      strict,
    );
  it.each<[WayState[], boolean, string, number, string]>([
    [['covered', 'covered'], false, 'covered', 0, 'covered: all 2 ways lead to the guard'],
    [
      ['covered', 'note'],
      false,
      'covered',
      0,
      'covered: the one way leads to the guard; 1 note, on what no PATH can cover or what is not in use',
    ],
    [['covered', 'note'], true, 'gaps', 1, '1 gap: of 2 ways, 1 leads to the guard'],
    [
      ['covered', 'gap', 'unknown'],
      false,
      'gaps',
      1,
      '1 gap: of 3 ways, 1 leads to the guard; 1 way could not be told',
    ],
    [
      ['covered', 'unknown'],
      false,
      'cannot tell',
      2,
      'cannot tell: of 2 ways, 1 leads to the guard; 1 way could not be told',
    ],
    [
      ['note'],
      false,
      'cannot tell',
      2,
      'cannot tell: of 1 way, 0 lead to the guard; 1 note, on what no PATH can cover or what is not in use',
    ],
    [[], false, 'cannot tell', 2, 'cannot tell: of 0 ways, 0 lead to the guard'],
  ])('of %j, strict %s: %s', (states, strict, result, exitStatus, text) => {
    expect(of(states, strict)).toEqual({ result, exitStatus, text });
  });
});
