import { basename, dirname, join } from 'node:path';
import { COMPILED_FILE } from '../policy/places.ts';
import { asPid, type Pid } from '../runtime/brands.ts';
import { listDirectory } from '../runtime/peek.ts';
import type { Ledger } from './ledger.ts';
import { LAYERS } from './layers/layers.ts';
import { COMMAND_LINK, CONFIG_FILE } from './places.ts';
import { SHARED_PLACES } from './share.ts';

/** Removes temporary files of killed installs (trust/write.ts, Ledger.link). Keeps those of a living process. */
export function removeLeftOvers(ledger: Ledger): void {
  for (const path of [
    ...LAYERS.map(({ place }) => place),
    ...SHARED_PLACES,
    COMMAND_LINK,
    CONFIG_FILE,
    COMPILED_FILE,
  ]) {
    for (const name of listDirectory(dirname(path))) {
      const pid = name.startsWith(`.${basename(path)}.`)
        ? /^\.(\d+)\.\d+\.new$/.exec(name.slice(basename(path).length + 1))?.[1]
        : undefined;
      if (pid !== undefined && !isAlive(asPid(Number(pid))))
        ledger.remove(join(dirname(path), name), 'left by an install that was broken off');
    }
  }
}

function isAlive(pid: Pid): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid; // this process has started no write yet
  } catch {
    return false;
  }
}
