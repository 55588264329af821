import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { environment, withOurs } from '../../src/install/layers/environment.ts';
import { Ledger } from '../../src/install/ledger.ts';
import { ENVIRONMENT } from '../../src/install/places.ts';

vi.mock('../../src/install/places.ts', async (original) => {
  const [fs, os] = [await import('node:fs'), await import('node:os')];
  return { ...(await original<object>()), ENVIRONMENT: `${fs.mkdtempSync(`${os.tmpdir()}/etc-`)}/environment` };
});

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ledger-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});
const outcomes = ({ changes }: Ledger) => changes.map(({ path, outcome }) => [path, outcome]);

afterAll(() => {
  rmSync(dirname(ENVIRONMENT), { recursive: true });
});

describe.each([true, false])('removal of empty directories, dry run: %s', (dry) => {
  it('leaves a directory with an entry', () => {
    writeFileSync(join(root, 'config.yaml'), '');
    const ledger = new Ledger(dry);
    ledger.removeEmpty(root);
    expect(outcomes(ledger)).toEqual([]);
  });
  it('removes one whose entries are removed before', () => {
    mkdirSync(join(root, 'man/man8'), { recursive: true });
    writeFileSync(join(root, 'man/man8/page'), '');
    const ledger = new Ledger(dry);
    ledger.remove(join(root, 'man/man8/page'));
    for (const path of ['man/man8', 'man', '.']) ledger.removeEmpty(join(root, path));
    expect(outcomes(ledger)).toEqual(
      ['man/man8/page', 'man/man8', 'man', '.'].map((path) => [join(root, path), 'removed']),
    );
  });
});

describe('an /etc/environment that users other than root can change', () => {
  const text = withOurs('PATH=/a:/b\n').replace(/PATH=[^:]*:/, 'PATH=');
  beforeEach(() => {
    writeFileSync(ENVIRONMENT, text);
    chmodSync(ENVIRONMENT, 0o666);
  });
  it.each([
    ['apply', 'kept'],
    ['withdraw', 'refused'],
  ] as const)('%s does not edit it: %s', (step, outcome) => {
    const ledger = new Ledger(false);
    if (step === 'apply') environment.apply(ledger);
    else environment.withdraw(ledger);
    expect(readFileSync(ENVIRONMENT, 'latin1')).toBe(text);
    expect(ledger.changes).toEqual([
      { path: ENVIRONMENT, outcome, note: expect.stringMatching(/^left as it is: \/\S+ /) as string },
    ]);
  });
});
