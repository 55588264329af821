import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withOnly } from '../../src/pm2/edit-command-line.ts';
import { interpret } from '../../src/pm2/interpret.ts';
import { sameMeaning } from '../../src/pm2/same-meaning.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { classOf } from '../../src/verdict/command-class.ts';
import { decide } from '../../src/verdict/decide.ts';
import type { Evidence, Suggestion, Verdict } from '../../src/verdict/verdict.ts';
import { runs } from '../random-runs.ts';
import { callerFrom } from './cases.ts';
import { policyFrom } from './policies.ts';
import { config, line, names, who, yaml } from './random.ts';

/** What `startup` and `unstartup` are told of the daemon that they are about. */
const OF_UNITS = ['user', 'hp', 'serviceName'];

const app = (name: string) => ({ name, namespace: null, script: null, cwd: null });
const apps = fc.uniqueArray(fc.constantFrom(...names, 'old'), { maxLength: 3 });
/** What lives where plain pm2 would look, and in the first daemon of the config. */
const evidence = fc
  .record({ state: fc.constantFrom('none', 'callers', 'others', 'unknown'), own: apps, first: apps })
  .map(({ state, own, first }): Evidence => ({
    realpaths: new Map(),
    files: new Map(),
    rootUnit: false,
    own: { state, user: state === 'others' ? 'bob' : null, apps: state === 'callers' ? own.map(app) : [] },
    sights: [{ daemon: 'd0', source: 'socket', apps: first.map(app) }],
  }));
const ENDING = ['kill', 'stop', 'delete', 'flush', 'cleardump', 'unset', 'uninstall'];
const calls = fc.oneof(
  line,
  fc
    .tuple(fc.constantFrom(...ENDING), fc.constantFrom('', ' all', ' 0', ' old', ' api', ' worker api', ' /a/'))
    .map(([a, b]) => a + b),
);

interface Case {
  policy: Policy;
  caller: ReturnType<typeof callerFrom>['caller'];
  invocation: ReturnType<typeof interpret>;
  verdict: Verdict;
  known: Evidence;
}

/** Every drawn call that comes to a verdict. */
function eachCase(check: (one: Case) => void): void {
  fc.assert(
    fc.property(config, who, calls, evidence, (drawn, by, text, known) => {
      const policy = policyFrom(yaml(drawn, (list) => list));
      const { caller, env } = callerFrom(by);
      const words = text.trim() === '' ? [] : text.trim().split(/ +/);
      const invocation = interpret(words, { major: 7, env, cwd: caller.cwd ?? '/' });
      const verdict = decide(invocation, caller, policy, known);
      if (verdict.type !== 'more') check({ policy, caller, invocation, verdict, known });
    }),
    runs(2000),
  );
}

const listed = (known: Evidence, daemon: string) =>
  (known.sights ?? [])
    .filter((sight) => sight.daemon === daemon)
    .flatMap((sight) => sight.apps.map(({ name }) => name));

describe('never worse than without the guard', () => {
  it('(a) a call that ends or erases is redirected only to a daemon that is known to have each target', () => {
    eachCase(({ policy, invocation, verdict, known, caller }) => {
      if (verdict.type !== 'rewrite' || classOf(invocation) !== 'ends') return;
      const { daemon } = verdict;
      if (caller.pm2Home === daemon.pm2Home && !caller.socketMoved) return; // the call names that very daemon
      expect(invocation.targets.length).toBeGreaterThan(0);
      for (const target of invocation.targets) {
        const paths = target.kind === 'name' || target.kind === 'file' ? policy.ownersOfPath(target.path) : [];
        const rules = [...policy.ownersOfName(target.word), ...paths].map((rule) => rule.daemon);
        expect([...rules, ...(listed(known, daemon.name).includes(target.word) ? [daemon.name] : [])]).toContain(
          daemon.name,
        );
      }
    });
  });

  it("(b) what lives in the caller's own undeclared daemon alone is within the caller's reach", () => {
    eachCase(({ policy, caller, invocation, verdict, known }) => {
      const { targets, starts } = invocation;
      if (known.own?.state !== 'callers' || starts.length > 0 || targets.length === 0 || caller.socketMoved) return;
      if (policy.daemons.some(({ pm2Home: home }) => home === caller.pm2Home)) return;
      const mine = known.own.apps.map(({ name }) => name);
      const alone = targets.every(
        ({ kind, word }) =>
          kind === 'name' &&
          mine.includes(word) &&
          policy.ownersOfName(word).length === 0 &&
          !listed(known, 'd0').includes(word),
      );
      if (alone) expect(verdict.type === 'pass' || verdict.code === 'PG104').toBe(true);
      // A list-wide call of a caller with a living daemon never leaves it unasked.
      if (
        targets.some(({ kind }) => kind === 'all') &&
        ['restart', 'stop', 'delete', 'reload'].includes(invocation.command ?? '')
      )
        expect(verdict.type).not.toBe('rewrite');
    });
  });

  it("(c) a read that names a PM2_HOME is not answered with another daemon's list", () => {
    eachCase(({ policy, caller, invocation, verdict, known }) => {
      if (
        classOf(invocation) !== 'reads' ||
        !caller.pm2HomeChosen ||
        caller.socketMoved ||
        invocation.targets.length > 0
      )
        return;
      const lost =
        policy.daemons.filter(({ uid }) => uid === caller.uid).length === 1 && known.own?.state !== 'callers';
      if (verdict.type === 'rewrite' && !lost) expect(verdict.daemon.pm2Home).toBe(caller.pm2Home);
    });
  });

  it('(d) a rewrite lands in a declared daemon; a pass needs no switch', () => {
    eachCase(({ policy, caller, invocation, verdict }) => {
      if (verdict.type === 'rewrite') expect(policy.daemons).toContainEqual(verdict.daemon);
      // `startup -u ops` of another user only prints the line that root is to type.
      if (invocation.scope === 'host') return;
      if (
        verdict.code === 'PG001' &&
        verdict.type === 'pass' &&
        verdict.daemon &&
        !verdict.daemonless &&
        caller.uid !== 0
      ) {
        expect(verdict.daemon.uid).toBe(caller.uid);
      }
    });
  });

  it('(e) the words handed on are the same command, for the same apps, with the same arguments', () => {
    eachCase(({ invocation, verdict }) => {
      if (verdict.type !== 'rewrite') return;
      const again = interpret(verdict.argv, invocation.context);
      expect(sameMeaning(invocation, again, verdict.code === 'PG107' ? OF_UNITS : ['uid', 'gid', 'user'])).toBe(true);
    });
  });
});

it("a unit of root's, asked for by the user of its PM2_HOME, is put right without becoming root", () => {
  const policy = policyFrom('daemons:\n  d0: { user: root, home: /var/www/.pm2 }\n');
  const { caller, env } = callerFrom('www-data');
  const invocation = interpret(['startup', '-u', '0'], { major: 7, env, cwd: '/' });
  const known = { realpaths: new Map(), files: new Map(), rootUnit: false };
  expect(decide(invocation, caller, policy, known)).toMatchObject({ type: 'rewrite', code: 'PG107', switch: false });
});

describe('every suggestion is a command', () => {
  /** The words behind `pm2`. */
  const wordsOf = (command: Suggestion) => command.slice(command.findIndex((word) => word === 'pm2') + 1);

  it('one that does what was asked means the same; several are its parts', () => {
    eachCase(({ invocation, verdict }) => {
      if (verdict.type !== 'block') return;
      for (const advice of verdict.advice) {
        switch (advice.label) {
          case 'run':
          case 'bypass':
            expect(sameMeaning(invocation, interpret(wordsOf(advice.command), invocation.context), OF_UNITS)).toBe(
              true,
            );
            break;
          case 'choose':
            for (const { command } of advice.choices) {
              if (command)
                expect(sameMeaning(invocation, interpret(wordsOf(command), invocation.context), OF_UNITS)).toBe(true);
            }
            break;
          case 'run all': {
            const parts = advice.commands.map(({ command }) => interpret(wordsOf(command), invocation.context));
            for (const part of parts) expect(part.command).toBe(invocation.command);
            const words = (all: typeof parts) =>
              new Set(all.flatMap(({ targets, starts }) => [...targets, ...starts].map(({ word }) => word)));
            expect(words(parts)).toEqual(words([invocation]));
            break;
          }
          case 'fix':
          case 'ask':
            break;
        }
      }
    });
  });

  it('nothing that ends an app stands under run:', () => {
    eachCase(({ invocation, verdict }) => {
      if (verdict.type !== 'block' || classOf(invocation) !== 'ends') return;
      expect(verdict.advice.map(({ label }) => label)).not.toContain('run');
    });
  });

  it('withOnly is part of it: a file of two owners', () => {
    const invocation = interpret(['stop', '/tmp/eco.json'], { major: 7, env: {}, cwd: '/' });
    expect(withOnly(invocation, invocation.context, ['a', 'b'])).toHaveLength(2);
  });
});
