import { dirname } from 'node:path';
import { SYSTEM_PATH } from '../identity/environment.ts';
import { foreignPartOf } from '../pm2/package-trust.ts';
import { findRealPm2, type RealPm2 } from '../pm2/installed.ts';
import { LIBRARY } from './places.ts';
import { readRecord } from './record.ts';

/**
 * The real pm2 of this host, as root may run it: of the caller's PATH, of the system's, beside the node that runs us
 * (npm puts it there), then the one recorded before. One that others can change is passed over for the next place.
 */
export function realPm2OfHost(path: string | undefined): RealPm2 {
  let answer: RealPm2 = { type: 'none', tried: [] };
  for (const place of [path ?? '', SYSTEM_PATH, dirname(process.execPath)]) {
    const found = whole(findRealPm2({ recorded: null, path: place, skip: [LIBRARY], asRoot: true }));
    if (found.type === 'found') return found;
    if (found.type === 'untrusted') answer = found;
  }
  const recorded = readRecord()?.pm2;
  if (typeof recorded !== 'string') return answer;
  const again = whole(findRealPm2({ recorded, path: '', skip: [LIBRARY], asRoot: true }));
  return again.type === 'none' ? answer : again;
}

/** A call looks at a few files of it, and relies on this look at all of them. */
function whole(found: RealPm2): RealPm2 {
  const fault = found.type === 'found' ? foreignPartOf(dirname(dirname(found.file))) : null;
  if (found.type !== 'found' || fault === null) return found;
  return { type: 'untrusted', bin: found.bin, file: found.file, original: found.original, distrust: fault };
}
