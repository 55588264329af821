import { dirname } from 'node:path';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { foreignPartOf } from '../pm2/package-trust.ts';
import { pm2InUse } from '../host/installations/in-use.ts';
import { findRealPm2, type RealPm2 } from '../pm2/installed.ts';
import { LIBRARY } from './places.ts';
import { readInstall } from './record.ts';

/**
 * Finds the real pm2 that root may run: in the caller's PATH, in the system's, beside this node (npm puts it there),
 * then the recorded one, then what root's daemons, system units and system crontabs run. Skips one that others can
 * change.
 */
export async function realPm2OfHost(path: string | undefined): Promise<RealPm2> {
  let answer: RealPm2 = { type: 'none', tried: [] };
  for (const place of [path ?? '', SYSTEM_PATH, dirname(process.execPath)]) {
    const found = whole(findRealPm2({ recorded: null, path: place, skip: [LIBRARY], asRoot: true }));
    if (found.type === 'found') return found;
    if (found.type === 'untrusted') answer = found;
    else if (answer.type === 'none') answer.tried.push(...found.tried);
  }
  const recorded = readInstall()?.pm2;
  if (typeof recorded === 'string') {
    const again = whole(findRealPm2({ recorded, path: '', skip: [LIBRARY], asRoot: true }));
    if (again.type === 'found') return again;
    if (again.type === 'untrusted') answer = again;
  }
  for (const { file } of (await pm2InUse()).filter(({ byRoot }) => byRoot)) {
    const used = whole(findRealPm2({ recorded: file, path: '', skip: [LIBRARY], asRoot: true }));
    if (used.type === 'found') return used;
  }
  return answer;
}

/** Checks all files of the package. Later calls check only a few and rely on this. */
function whole(found: RealPm2): RealPm2 {
  const fault = found.type === 'found' ? foreignPartOf(dirname(dirname(found.file))) : null;
  if (found.type !== 'found' || fault === null) return found;
  const { bin, file, original, version } = found;
  return { type: 'untrusted', bin, file, original, version, distrust: fault };
}
