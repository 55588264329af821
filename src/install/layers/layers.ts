import { UserError } from '../../terminal/user-error.ts';
import type { Ledger } from '../ledger.ts';
import { environment } from './environment.ts';
import { LAYER_NAMES, type Layer, type LayerName } from './layer.ts';
import { localBin, localSbin, sudoShim } from './links.ts';
import { sudo } from './secure-path.ts';
import { bash, fish, profile, zsh } from './shells.ts';

/** In order of installation: later layers check where earlier ones lead. */
const LAYERS: readonly Layer[] = [localBin, localSbin, profile, bash, zsh, fish, environment, sudo, sudoShim];

/** Differences from the defaults. So a new layer in a later version gets its own default. */
export interface LayerChoice {
  with: LayerName[];
  without: LayerName[];
}

export const NO_CHOICE: LayerChoice = { with: [], without: [] };

export interface LayerWish {
  /** `default`: the default layers; otherwise exactly the named ones. */
  layers?: string | undefined;
  with?: string | undefined;
  without?: string | undefined;
}

/** @throws UserError for an unknown name */
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

/** Accepts damaged and older records. */
export function choiceOf(recorded: unknown): LayerChoice {
  const { with: more, without } = (recorded ?? {}) as { with?: unknown; without?: unknown };
  const known = (names: unknown) => LAYER_NAMES.filter((name) => Array.isArray(names) && names.includes(name));
  return { with: known(more), without: known(without) };
}

export function applyLayers(ledger: Ledger, choice: LayerChoice): void {
  for (const layer of LAYERS) {
    if (isChosen(layer.name, choice)) layer.apply(ledger);
    else layer.withdraw(ledger);
  }
}

/** Reverse order: sudoers names our directory, so it must go before the directory. */
export function layersBackwards(): readonly Layer[] {
  return [...LAYERS].reverse();
}

export function isChosen(name: LayerName, choice: LayerChoice): boolean {
  return choice.with.includes(name) || (defaults().includes(name) && !choice.without.includes(name));
}

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
