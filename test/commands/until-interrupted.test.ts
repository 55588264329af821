import { afterEach, describe, expect, it, vi } from 'vitest';
import { untilInterrupted } from '../../src/commands/adopt-run.ts';

// adopt, adopt --resume and adopt --rollback all work through their list with this function.
describe('a signal while adopt works through its list', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s: finishes the current app, begins no other', async (signal) => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const listeners = process.listenerCount(signal);
    const done: string[] = [];
    await untilInterrupted(['a', 'b', 'c'], async (piece) => {
      if (piece === 'b') process.emit(signal);
      await Promise.resolve();
      done.push(piece);
    });
    expect(done).toEqual(['a', 'b']);
    expect(stderr).toHaveBeenCalledExactlyOnceWith(
      '\npm2-guard: interrupted: finishing the current app before exiting\n',
    );
    expect(process.listenerCount(signal)).toBe(listeners);
  });

  it('gives the signals back where the work fails', async () => {
    const listeners = process.listenerCount('SIGINT');
    await expect(untilInterrupted(['a'], () => Promise.reject(new Error('full disk')))).rejects.toThrow('full disk');
    expect(process.listenerCount('SIGINT')).toBe(listeners);
  });
});
