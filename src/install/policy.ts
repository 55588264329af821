import { setTimeout as pause } from 'node:timers/promises';
import { formatConfigError } from '../policy/config-error.ts';
import { readCompiled } from '../policy/compiled.ts';
import { isFresh, loadPolicy } from '../policy/load.ts';
import { standardConfig } from '../policy/places.ts';
import type { Policy } from '../policy/policy.ts';
import * as slow from '../policy/slow.ts';
import { asUid } from '../runtime/brands.ts';
import type { Ledger } from './ledger.ts';
import { CONFIG_DIRECTORY, CONFIG_FILE } from './places.ts';

export type DraftResult = () => Promise<string>;

/** Drafts a config from the daemons of this host. Never touches an existing config. */
export async function installConfig(ledger: Ledger, draft: DraftResult): Promise<void> {
  const present = standardConfig();
  if (present !== null) {
    ledger.note(present, 'unchanged', 'yours');
    return;
  }
  ledger.directory(CONFIG_DIRECTORY, 0o755);
  ledger.file(CONFIG_FILE, Buffer.from(await draft()), 0o644);
}

export type Compiled = { type: 'policy'; policy: Policy; warnings: string[] } | { type: 'unusable'; error: string };

const SETTLING_MS = 3000; // slow.ts does not keep a policy whose file may still change within the same clock tick

/** Compiles the policy as root and keeps it, so that the first call of another user finds it. */
export async function compilePolicy(): Promise<Compiled> {
  const end = Date.now() + SETTLING_MS;
  for (;;) {
    const loaded = loadPolicy({ env: {}, euid: asUid(0), rootBySudo: false }, () => slow);
    if (loaded.type === 'unusable') return { type: 'unusable', error: formatConfigError(loaded.error) };
    const kept = readCompiled();
    const path = standardConfig();
    if (loaded.warnings.length > 0 || (kept !== null && path !== null && isFresh(kept, path)) || Date.now() > end)
      return loaded;
    await pause(50);
  }
}
