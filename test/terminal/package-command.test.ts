import { expect, it, vi } from 'vitest';
import { packageCommand } from '../../src/terminal/package-command.ts';

const present = vi.hoisted(() => new Set<string>());
vi.mock('node:fs', async (original) => ({
  ...(await original<object>()),
  existsSync: (path: string) => present.has(path),
}));

// `apt-get` was named on every distribution.
it.each([
  [['/usr/bin/apt-get'], 'apt-get install sudo'],
  [['/usr/bin/yum', '/usr/bin/dnf'], 'dnf install sudo'],
  [['/usr/bin/yum'], 'yum install sudo'],
  [['/usr/bin/zypper'], 'zypper install sudo'],
  [['/usr/bin/pacman'], 'pacman -S sudo'],
  [['/sbin/apk'], 'apk add sudo'],
  [[], 'apt-get install sudo'],
])('a package is installed where there is %j by: %s', (programs, command) => {
  present.clear();
  for (const program of programs) present.add(program);
  expect(packageCommand('sudo').join(' ')).toBe(command);
});
