import { closeSync, fchmodSync, fstatSync, mkdtempSync, openSync, rmdirSync, unlinkSync, chmodSync } from 'node:fs';
import { MARK } from '../call/hop.ts';

/** The shim could not write its mark (shims/pm2). sudo never ends with this status. */
export const CANNOT_MARK = 94;

export interface Mark {
  word: string;
  /** The shim has started, so sudo allowed the call. */
  isSet(): boolean;
  remove(): void;
}

/**
 * Status 1 means "app not found" in PM2 and a refusal in sudo. A file tells them apart, because sudo closes
 * descriptors. Only the caller can write its directory, so no other user can put a symlink there. Null: /tmp is not
 * writable.
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
        unlessGone(() => {
          unlinkSync(file); // rmSync takes 0.3 ms to load
        });
        unlessGone(() => {
          rmdirSync(directory);
        });
      },
    };
  } catch {
    return null; // ENOSPC, EROFS
  }
}

/** A cleaner of /tmp may have removed it. What another program put into the directory stays. */
function unlessGone(remove: () => void): void {
  try {
    remove();
  } catch {
    // ENOENT, ENOTEMPTY
  }
}
