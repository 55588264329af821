import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { isatty } from 'node:tty';
import { describe, expect, it } from 'vitest';
import { isTerminal } from '../../src/runtime/is-terminal.ts';

/** A terminal itself: test/guard/terminal.test.ts. */
describe('isTerminal', () => {
  it.each(['/dev/null', '/dev/zero', '/dev/urandom', '/etc/passwd', '/'])('says of %s what isatty says', (path) => {
    const descriptor = openSync(path, 'r');
    try {
      expect(isTerminal(descriptor)).toBe(isatty(descriptor));
    } finally {
      closeSync(descriptor);
    }
  });

  it('says so of a socket, of a descriptor that is not open and of no descriptor', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { fd } = Reflect.get(server, '_handle') as { fd: number };
    expect([fd, 99_999, -1].map(isTerminal)).toEqual([fd, 99_999, -1].map((descriptor) => isatty(descriptor)));
    server.close();
  });
});
