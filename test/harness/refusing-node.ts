import type { Host } from './host.ts';

/** As node's own error (src/node_credentials.cc, THROW_ERR_INVALID_STATE). */
const REFUSES = `process.execPath = '/usr/bin/node';
for (const name of ['setuid', 'seteuid', 'setgid', 'setegid', 'setgroups', 'initgroups']) {
  process[name] = () => {
    const text = name + '() disabled: io_uring may be enabled. See CVE-2024-22017.';
    throw Object.assign(new Error(text), { code: 'ERR_INVALID_STATE' });
  };
}
`;

/**
 * Puts a node in place that changes no user, as node 20 is where it is linked with the distribution's libuv. Before the
 * guard is installed.
 */
export async function refuseToSwitch(host: Host): Promise<void> {
  await host.write('/usr/lib/refuses.cjs', REFUSES);
  await host.must('cp /usr/bin/node /usr/lib/node-itself');
  await host.must('rm -f /usr/bin/node 2>/dev/null || umount /usr/bin/node && rm -f /usr/bin/node');
  // Not a shell's: that would give up an effective user which is not the real one.
  const wrapper = `#!/usr/bin/python3 -I
import os, sys
os.execv('/usr/lib/node-itself', ['node', '--require', '/usr/lib/refuses.cjs'] + sys.argv[1:])
`;
  await host.write('/usr/bin/node', wrapper, { mode: '755' });
}
