import { Ledger, type ChangeOutcome } from '../ledger.ts';
import type { LayerName } from './layer.ts';
import { isChosen, LAYERS, type LayerChoice } from './layers.ts';

export interface LayerStatus {
  name: LayerName;
  place: string;
  /** `not used`: no benefit here, or another file is there (see `note`). `hidden`: only root can read it. */
  state: 'in place' | 'missing' | 'left out' | 'not used' | 'in the way' | 'hidden';
  note: string | null;
}

export function layerStatus(choice: LayerChoice): LayerStatus[] {
  const ledger = new Ledger(true);
  return LAYERS.map(({ name, place, apply }) => {
    if (!isChosen(name, choice)) return { name, place, state: 'left out', note: null };
    const before = ledger.changes.length;
    try {
      apply(ledger);
    } catch {
      return { name, place, state: 'hidden', note: 'only root can tell' }; // EACCES on /etc/sudoers.d
    }
    const change = ledger.changes.slice(before).find(({ path }) => path === place);
    return { name, place, state: stateOf(change?.outcome ?? 'kept'), note: change?.note ?? null };
  });
}

function stateOf(outcome: ChangeOutcome): LayerStatus['state'] {
  switch (outcome) {
    case 'unchanged':
      return 'in place';
    case 'created':
    case 'updated':
    case 'removed':
      return 'missing';
    case 'kept':
      return 'not used';
    case 'refused':
      return 'in the way';
  }
}
