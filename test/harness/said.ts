interface Into {
  /** Default: www-data, in the daemon "web" with PM2_HOME /var/www/.pm2. */
  user?: string;
  daemon?: string;
  pm2Home?: string;
}

/**
 * The line that a rewrite prints.
 *
 * @param call as it was typed: `pm2 restart myapp`; a long one is shown cut
 * @param why line of the config that decided; a name: the default, as no rule names it; null: the default, as no app is
 * named
 */
export function rewritten(call: string, why: number | string | null, into: Into = {}): string {
  const { user = 'www-data', daemon = 'web', pm2Home = '/var/www/.pm2' } = into;
  const shown = call.length > 72 ? `${call.slice(0, 72)}...` : call;
  const place =
    why === null
      ? 'the default'
      : typeof why === 'string'
        ? `the default: no rule names ${why}`
        : `/etc/pm2-guard/config.yaml:${why}`;
  return `pm2-guard: rewritten: "${shown}" runs as ${user} in daemon "${daemon}"  (PM2_HOME ${pm2Home}; ${place})\n`;
}
