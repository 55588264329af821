import { quoteCommand } from '../terminal/shown.ts';
import { NO_PACKAGE, type Tried } from './installed.ts';

/**
 * What to write into the config where a wrapper called pm2 does not say which pm2 it starts.
 * @param config path of the config
 * @returns null: no such wrapper was found
 */
export function pinAdvice(tried: readonly Tried[], config: string): { why: string; fix: string } | null {
  const wrapper = tried.find(({ behind }) => behind !== undefined) ?? tried.find(({ why }) => why === NO_PACKAGE);
  if (wrapper === undefined) return null;
  const bins = wrapper.behind ?? [];
  const why =
    bins.length > 0
      ? `${wrapper.path} ${wrapper.why}: ${bins.join(', ')}`
      : `${wrapper.path} does not say which pm2 it starts`;
  const pins = bins.length > 0 ? bins.map((bin) => `pm2: ${quoteCommand([bin])}`) : ['pm2: /.../pm2/bin/pm2'];
  return { why, fix: `add a line to ${config} below its daemon:  ${pins.join('   or   ')}` };
}
