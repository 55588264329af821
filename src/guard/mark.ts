import { closeSync, fchmodSync, fstatSync, mkdtempSync, openSync, rmdirSync, rmSync, chmodSync } from 'node:fs';
import { MARK } from '../call/hop.ts';

/** The shim could not write its mark (shims/pm2). sudo never ends with this status. */
export const CANNOT_MARK = 94;

/** A file that the shim behind sudo writes when it starts. */
export interface Mark {
  /** The option that names it. */
  word: string;
  /** The shim has started, so sudo allowed the call. */
  isSet(): boolean;
  /** May be called again. */
  remove(): void;
}

/**
 * Status 1 means "app not found" in PM2 and a refusal in sudo, so a file shows if sudo allowed the call. sudo closes
 * other descriptors (sudo(8) -C). Only the caller can write the directory, so no other user can put a symlink there.
 * @returns null if /tmp is not writable
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
