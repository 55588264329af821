import { existsSync } from 'node:fs';
import { join } from 'node:path';

export function wayToInstall(bundles: string): string {
  return existsSync(join(bundles, '../install.sh')) ? 'sudo ./install.sh' : 'sudo pm2-guard install';
}
