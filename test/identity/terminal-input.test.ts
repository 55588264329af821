import { describe, expect, it, vi } from 'vitest';
import { inputCanBePushed } from '../../src/identity/terminal-input.ts';

const PTY = (136 << 8) | 3;
const CONSOLE = (4 << 8) | 2;
const SERIAL = (4 << 8) | 64;

function asked(release: string, legacy: string | null, terminal: number | null): boolean {
  return inputCanBePushed({ release: () => release, legacy: () => legacy, terminal: () => terminal });
}

describe('input can be pushed into the terminal', () => {
  it.each([
    ['5.15.0-130-generic', null, PTY],
    ['6.1.0-31-amd64', null, PTY],
    ['6.1.0-31-amd64', null, null],
    ['6.2.0', '1\n', PTY],
    ['6.12.0', null, null],
    ['6.12.9+deb13-amd64', '1\n', PTY],
    ['6.12.9', '1\n', CONSOLE],
    ['6.6.8', '0\n', CONSOLE],
    ['10.0.1', '1\n', PTY],
  ])('kernel %s, legacy_tiocsti %j, terminal %s', (release, legacy, terminal) => {
    expect(asked(release, legacy, terminal)).toBe(true);
  });
});

describe('input cannot be pushed', () => {
  it.each([
    ['without a controlling terminal', '5.10.0', null, 0],
    ['without a controlling terminal, where it is allowed', '6.12.0', '1\n', 0],
    ['where it is turned off', '6.12.0', '0\n', PTY],
    ['where it is turned off, on a console', '6.7.0', '0\n', CONSOLE],
    ['where it is turned off, on a serial line', '6.5.0', '0\n', SERIAL],
    ['into a pseudo-terminal of a kernel whose consoles allow it', '6.5.0', '0\n', PTY],
  ])('%s', (_, release, legacy, terminal) => {
    expect(asked(release, legacy, terminal)).toBe(false);
  });
  it('costs one read where the kernel forbids it', () => {
    const terminal = vi.fn(() => PTY);
    expect(inputCanBePushed({ release: () => '6.12.0', legacy: () => '0\n', terminal })).toBe(false);
    expect(terminal).not.toHaveBeenCalled();
  });
});
