import { UserError } from '../../terminal/user-error.ts';
import type { Ledger } from '../ledger.ts';
import { environment } from './environment.ts';
import { LAYER_NAMES, type Layer, type LayerName } from './layer.ts';
import { localBin, localSbin, sudoShim } from './links.ts';
import { sudo } from './secure-path.ts';
import { bash, fish, profile, zsh } from './shells.ts';

/** In the order in which they are put in place: what comes later asks where the earlier ones lead. */
const LAYERS: readonly Layer[] = [localBin, localSbin, profile, bash, zsh, fish, environment, sudo, sudoShim];

/** What was chosen beside the defaults. A layer that a later version brings comes with its own default. */
export interface LayerChoice {
  with: LayerName[];
  without: LayerName[];
}

export const NO_CHOICE: LayerChoice = { with: [], without: [] };

/** What the command line says of layers: names, separated by commas. */
export interface LayerWish {
  /** Exactly these; `default`: those of an install that says nothing. */
  layers?: string | undefined;
  with?: string | undefined;
  without?: string | undefined;
}

/**
 * @param kept the choice of the last install
 * @throws UserError for a name that is none
 */
export function chooseLayers(wish: LayerWish, kept: LayerChoice): LayerChoice {
  const exactly = wish.layers === undefined || wish.layers === 'default' ? null : named(wish.layers);
  const start =
    exactly !== null
      ? exactly
      : wish.layers === 'default'
        ? defaults()
        : LAYER_NAMES.filter((name) => isChosen(name, kept));
  const without = named(wish.without ?? '');
  const wanted = [...start, ...named(wish.with ?? '')].filter((name) => !without.includes(name));
  return {
    with: LAYER_NAMES.filter((name) => wanted.includes(name) && !defaults().includes(name)),
    without: LAYER_NAMES.filter((name) => !wanted.includes(name) && defaults().includes(name)),
  };
}

/** What a damaged or older record says of it. */
export function choiceOf(recorded: unknown): LayerChoice {
  const { with: more, without } = (recorded ?? {}) as { with?: unknown; without?: unknown };
  const known = (names: unknown) => LAYER_NAMES.filter((name) => Array.isArray(names) && names.includes(name));
  return { with: known(more), without: known(without) };
}

/** Puts the chosen ones in place, and takes the others away. */
export function applyLayers(ledger: Ledger, choice: LayerChoice): void {
  for (const layer of LAYERS) {
    if (isChosen(layer.name, choice)) layer.apply(ledger);
    else layer.withdraw(ledger);
  }
}

/** The last first: sudoers, which name our directory, before what they name. */
export function layersBackwards(): readonly Layer[] {
  return [...LAYERS].reverse();
}

export function isChosen(name: LayerName, choice: LayerChoice): boolean {
  return choice.with.includes(name) || (defaults().includes(name) && !choice.without.includes(name));
}

/** One line a layer, for help. */
export function layersInWords(): string {
  return LAYERS.map(
    ({ name, place, reaches, byDefault }) =>
      `  ${name.padEnd(12)}${place.padEnd(33)}${reaches}${byDefault ? '' : ' (not by default)'}`,
  ).join('\n');
}

export { LAYERS };

function defaults(): LayerName[] {
  return LAYERS.filter(({ byDefault }) => byDefault).map(({ name }) => name);
}

function named(list: string): LayerName[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
    .map((name) => {
      const found = LAYER_NAMES.find((known) => known === name);
      if (found === undefined)
        throw new UserError(
          `there is no layer "${name}"; there are ${LAYER_NAMES.join(', ')}`,
          'pm2-guard install --help',
        );
      return found;
    });
}
