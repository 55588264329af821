import { beforeEach, expect, it, vi } from 'vitest';
import { realSudo } from '../../src/identity/sudo-places.ts';
import { securePath } from '../../src/install/sudo.ts';
import { isAllowed } from '../../src/sudoers/listing.ts';

const NIXOS = '/run/wrappers/bin/sudo';
const { present, asked } = vi.hoisted(() => ({ present: new Set<string>(), asked: [] as string[] }));
vi.mock('node:fs', async (original) => ({
  ...(await original<object>()),
  existsSync: (path: string) => present.has(path),
}));
const answer = vi.hoisted(() => (program: string) => {
  asked.push(program);
  return { status: 0, stdout: '/srv/bin\n', stderr: '', error: undefined };
});
vi.mock('node:child_process', async (original) => ({ ...(await original<object>()), spawnSync: answer }));
vi.mock('../../src/runtime/run-program.ts', () => ({ runProgram: answer }));

beforeEach(() => {
  present.clear();
  asked.length = 0;
  vi.spyOn(process, 'geteuid').mockReturnValue(0);
});

it('root asks the sudo that the host has, wherever it is', () => {
  for (const path of [NIXOS, '/usr/local/bin/sudo', '/usr/bin/printenv']) present.add(path);
  expect(realSudo()).toBe(NIXOS);
  expect(securePath()).toEqual({ type: 'set', path: '/srv/bin' });
  expect(isAllowed('ops', 'web', '/usr/bin/true')).toBe(true);
  expect(asked).toEqual([NIXOS, NIXOS]);
});

it('no host without sudo is asked', () => {
  expect(securePath()).toEqual({ type: 'absent' });
  expect(isAllowed('ops', 'web', '/usr/bin/true')).toBeNull();
  expect(asked).toEqual([]);
});
