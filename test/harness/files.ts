import { join } from 'node:path';
import { cache, nodeVersions, npmVersion } from './fetch.ts';
import { systemRoot } from './systems.mjs';
import type { HostOptions } from './host.ts';

/** node and npm of Debian's own. */
const debianNode = ['bin/node', 'bin/nodejs', 'bin/npm', 'bin/npx', 'share/nodejs', 'share/node_modules'];
const sudoRs = ['bin/sudo-rs', 'bin/su-rs', 'bin/visudo-rs', 'lib/cargo/bin'];

/** What lib.sh is told of a host's files, in the environment. */
export function filesOf(options: HostOptions): Record<string, string> {
  const { pm2 = '7.0.4', node = '22', prefix = '/usr', system = 'bookworm', sudo = 'classic' } = options;
  const pm2Layer = pm2 === null ? [] : [join(cache, 'pm2', pm2)];
  const nodeLayer = node === 'debian' ? [] : [join(cache, 'node', nodeVersions[node])];
  // Debian's own npm is not in bookworm's packages (systems.mjs).
  const npmLayer = node === 'debian' && system !== 'bookworm' ? [] : [join(cache, 'npm', npmVersion)];
  return {
    ROOT: systemRoot(system),
    LAYERS: [...(prefix === '/usr' ? pm2Layer : []), ...nodeLayer, ...npmLayer].join(':'),
    LOCAL_LAYER: prefix === '/usr/local' ? pm2Layer.join() : '',
    HIDDEN: [...(node === 'debian' ? [] : debianNode), ...(sudo === 'classic' ? sudoRs : [])].join(' '),
    REPO: join(cache, '..'),
    SUDO: sudo,
    USERS: ['deploy', 'ops', 'alice', ...(options.users ?? [])].join(' '),
  };
}
