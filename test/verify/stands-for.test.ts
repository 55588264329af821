import { describe, expect, it } from 'vitest';
import { standsFor } from '../../src/verify/stands-for.ts';

const is = (text: string, want: string, type: 'alias' | 'function' = 'alias') => {
  it(`${text.replaceAll('\n', ' ')}: ${want}`, () => {
    const end = standsFor(type, text, '/home/alice');
    expect(end.type === 'path' ? end.path : end.type).toBe(want);
  });
};

describe('an alias of pm2', () => {
  is('authbind --deep pm2', 'pm2 of PATH');
  is('NODE_ENV=production nice -n 5 pm2', 'pm2 of PATH');
  is('pm2 --no-color', 'pm2 of PATH');
  is('/usr/bin/pm2', '/usr/bin/pm2');
  is('authbind --deep /usr/bin/pm2', '/usr/bin/pm2');
  is(
    'node ~/.nvm/versions/node/v20/lib/node_modules/pm2/bin/pm2',
    '/home/alice/.nvm/versions/node/v20/lib/node_modules/pm2/bin/pm2',
  );
  is('"$HOME/bin/pm2"', '/home/alice/bin/pm2');
  // May be run elsewhere, as another user, or fetched.
  for (const text of [
    'ssh prod pm2',
    'docker exec web pm2',
    'npx pm2',
    'sudo -u www-data pm2',
    'ssh prod /usr/bin/pm2',
    './node_modules/.bin/pm2',
    '$TOOLS/pm2',
  ])
    is(text, 'unclear');
  for (const text of ['PATH=/opt/x:$PATH pm2', 'env PATH=/opt/x pm2', 'env PM2_GUARD=off pm2']) is(text, 'unclear');
  for (const text of ['cd /srv && pm2', 'pm2 | cat', 'echo $(pm2)', 'pm2; rm -rf /', 'nothing of it', ''])
    is(text, 'unclear');
});

describe('a function called pm2', () => {
  is('pm2 () \n{ \n    authbind --deep command pm2 "$@"\n}', 'pm2 of PATH', 'function');
  is('pm2 () {\n\tcommand pm2 "$@"\n}', 'pm2 of PATH', 'function');
  is(
    "# Defined interactively\nfunction pm2 --wraps='authbind --deep pm2' --description 'alias pm2 authbind --deep " +
      "pm2'\n  authbind --deep pm2 $argv\n        \nend",
    'pm2 of PATH',
    'function',
  );
  is('pm2 () \n{ \n    /usr/bin/pm2 "$@"\n}', '/usr/bin/pm2', 'function');
  is('pm2 () \n{ \n    cd /srv;\n    pm2 "$@"\n}', 'unclear', 'function');
  is('', 'unclear', 'function'); // dash does not show its functions
});
