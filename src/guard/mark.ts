import { closeSync, fchmodSync, fstatSync, mkdtempSync, openSync, rmdirSync, rmSync, chmodSync } from 'node:fs';
import { MARK } from '../call/hop.ts';

/** Exit status of a shim that cannot set its mark (shims/pm2). sudo itself never ends with it. */
export const CANNOT_MARK = 94;

/** A place that the shim behind sudo writes to as soon as it runs. */
export interface Mark {
  /** The word of the hop that names it. */
  word: string;
  /** Whether the shim has started: sudo has allowed the call. */
  isSet(): boolean;
  /** Takes it away; may be called again. */
  remove(): void;
}

/**
 * Status 1 is PM2's own for "app not found", and sudo's for a refusal. sudo closes all descriptors but the first three
 * (sudo(8) -C), so that only a file can tell them apart. It is made before and lies in a directory that only the caller
 * can change, so no other user can put a link or a FIFO in its place.
 *
 * @returns null where /tmp cannot be written
 */
export function makeMark(): Mark | null {
  try {
    const directory = mkdtempSync('/tmp/pm2-guard-');
    const file = `${directory}/started`;
    chmodSync(directory, 0o711);
    const descriptor = openSync(file, 'wx');
    fchmodSync(descriptor, 0o622);
    let marked = false;
    let open = true;
    return {
      word: MARK + directory,
      isSet: () => (marked ||= open && fstatSync(descriptor).size > 0),
      remove: () => {
        if (!open) return;
        open = false;
        closeSync(descriptor);
        rmSync(file, { force: true });
        rmdirSync(directory);
      },
    };
  } catch {
    return null; // ENOSPC, EROFS
  }
}
