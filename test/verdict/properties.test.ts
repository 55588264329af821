import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOwn } from '../../src/verdict/situation.ts';
import { runs } from '../random-runs.ts';
import { callerFrom, decided, inWords } from './cases.ts';
import { policyFrom } from './policies.ts';
import { config, line, who, yaml } from './random.ts';

const NONE = { state: 'none' as const, user: null, apps: [] };
const evidence = {
  files: new Map(),
  own: NONE,
  rootUnit: false,
  sights: [
    { daemon: 'd0', source: 'socket' as const, apps: [{ name: 'worker', namespace: null, script: null, cwd: null }] },
  ],
};
const asDrawn = <T>(list: T[]): T[] => list;
const backwards = <T>(list: T[]): T[] => [...list].reverse();

describe('whatever the config, the caller and the call', () => {
  it('a pass never switches the user: it lands where plain pm2 would', () => {
    fc.assert(
      fc.property(config, who, line, (drawn, caller, words) => {
        const verdict = decided(policyFrom(yaml(drawn, asDrawn)), caller, words, evidence);
        if (
          verdict.type !== 'pass' ||
          verdict.daemon === null ||
          verdict.code !== 'PG001' ||
          /^(un)?startup/.test(words)
        )
          return;
        expect(isOwn(verdict.daemon, callerFrom(caller).caller)).toBe(true);
      }),
      runs(1000),
    );
  });

  it('a rewrite lands in a declared daemon whose mode says rewrite, and is never a pass in disguise', () => {
    fc.assert(
      fc.property(config, who, line, (drawn, caller, words) => {
        const policy = policyFrom(yaml(drawn, asDrawn));
        const verdict = decided(policy, caller, words, evidence);
        if (verdict.type !== 'rewrite') return;
        expect(policy.daemons).toContainEqual(verdict.daemon);
        expect(verdict.daemon.mode).toBe('rewrite');
        if (!/startup/.test(words)) expect(isOwn(verdict.daemon, callerFrom(caller).caller)).toBe(false);
      }),
      runs(1000),
    );
  });

  it('the order of the config does not matter', () => {
    fc.assert(
      fc.property(config, who, line, (drawn, caller, words) => {
        const [one, other] = [asDrawn, backwards].map((order) =>
          decided(policyFrom(yaml(drawn, order)), caller, words, evidence),
        );
        if (!one || !other) throw new Error('two verdicts were asked for');
        expect(inWords(other)).toBe(inWords(one));
      }),
      runs(1000),
    );
  });

  it('a block names a command or says why there is none', () => {
    fc.assert(
      fc.property(config, who, line, (drawn, caller, words) => {
        const verdict = decided(policyFrom(yaml(drawn, asDrawn)), caller, words, evidence);
        if (verdict.type === 'block') expect(verdict.advice.length + verdict.details.length).toBeGreaterThan(0);
      }),
      runs(1000),
    );
  });
});
