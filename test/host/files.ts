import { join } from 'node:path';
import { cache, nodeVersions, npmVersion } from './fetch.ts';
import { systemRoot } from './systems.mjs';
import type { HostOptions } from './host.ts';

/** node and npm of Debian's own. */
const debianNode = ['bin/node', 'bin/nodejs', 'bin/npm', 'bin/npx', 'share/nodejs', 'share/node_modules'];
const sudoRs = ['bin/sudo-rs', 'bin/su-rs', 'bin/visudo-rs', 'lib/cargo/bin'];

/** What lib.sh is told of a host's files, in the environment. */
export function filesOf(options: HostOptions): Record<string, string> {
  const { pm2 = '7.0.4', node = '22', prefix = '/usr', system = 'bookworm' } = options;
  const pm2Layer = pm2 === null ? [] : [join(cache, 'pm2', pm2)];
  const nodeLayer = node === 'host' ? [] : [join(cache, 'node', nodeVersions[node])];
  return {
    ROOT: systemRoot(system),
    LAYERS: [...(prefix === '/usr' ? pm2Layer : []), ...nodeLayer, join(cache, 'npm', npmVersion)].join(':'),
    LOCAL_LAYER: prefix === '/usr/local' ? pm2Layer.join() : '',
    HIDDEN: [...debianNode, ...sudoRs].join(' '),
    REPO: join(cache, '..'),
    USERS: ['deploy', 'ops', 'alice', ...(options.users ?? [])].join(' '),
  };
}
