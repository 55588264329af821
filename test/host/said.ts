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
 * @param line of the config that decided; null: the default, because no rule names it
 */
export function rewritten(call: string, line: number | null, into: Into = {}): string {
  const { user = 'www-data', daemon = 'web', pm2Home = '/var/www/.pm2' } = into;
  const shown = call.length > 72 ? `${call.slice(0, 72)}...` : call;
  const why = line === null ? 'the default: no rule names it' : `/etc/pm2-guard/config.yaml:${line}`;
  return `pm2-guard: rewritten: "${shown}" runs as ${user} in daemon "${daemon}"  (PM2_HOME ${pm2Home}; ${why})\n`;
}
