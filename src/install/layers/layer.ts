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

/**
 * One way in which calls are made to reach us: something small outside of our own directories, which uninstall takes
 * away again.
 */
export interface Layer {
  name: LayerName;
  /** Which calls: for people. */
  reaches: string;
  /** The file that it is about. */
  place: string;
  /** Part of an install that says nothing about it. */
  byDefault: boolean;
  /** Puts it in place where it is of use; a second time changes nothing. Nothing of anybody else's is replaced. */
  apply: (ledger: Ledger) => void;
  /** Takes away what is there of it, to the byte. */
  withdraw: (ledger: Ledger) => void;
}
