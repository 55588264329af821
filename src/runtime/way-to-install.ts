import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What to type so that the code in `bundles` is what is installed: a checkout has a script for it, a package of npm's
 * or Debian's the command.
 */
export function wayToInstall(bundles: string): string {
  return existsSync(join(bundles, '../install.sh')) ? 'sudo ./install.sh' : 'sudo pm2-guard install';
}
