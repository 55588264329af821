import type { Ledger } from '../ledger.ts';

export const LAYER_NAMES = [
  'local-bin',
  'local-sbin',
  'profile',
  'bash',
  'zsh',
  'fish',
  'environment',
  'sudo',
  'sudo-shim',
] as const;
export type LayerName = (typeof LAYER_NAMES)[number];

export interface Layer {
  name: LayerName;
  reaches: string;
  place: string;
  byDefault: boolean;
  /** Puts it in place where it helps. Idempotent; never replaces files of others. */
  apply: (ledger: Ledger) => void;
  /** Restores the file byte for byte. */
  withdraw: (ledger: Ledger) => void;
}
