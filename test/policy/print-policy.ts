import { formatConfigError } from '../../src/policy/config-error.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { asPosix } from '../../src/runtime/brands.ts';

// A process like the guard: loads the policy as its caller and prints it. `slow` says whether the YAML bundle was
// loaded.
const euid = asPosix(process).geteuid();
const sudoUid = process.env['SUDO_UID'];
/** A name, or an absolute path. */
const what = process.argv[2] ?? '';
const loaded = loadPolicy({
  env: process.env,
  euid,
  rootBySudo: euid === 0 && sudoUid !== undefined && sudoUid !== '0',
});
const printed =
  loaded.type === 'unusable'
    ? { ...loaded, text: formatConfigError(loaded.error) }
    : {
        type: loaded.type,
        file: loaded.policy.file,
        default: loaded.policy.default,
        daemons: loaded.policy.daemons.map(({ name, user, pm2Home: home }) => `${name} ${user} ${home}`),
        warnings: loaded.warnings,
        owners: (what.startsWith('/') ? loaded.policy.ownersOfPath(what) : loaded.policy.ownersOfName(what)).map(
          ({ daemon, pattern, line }) => `${daemon} ${pattern} ${line}`,
        ),
        slow: Object.keys(require.cache).some((path) => path.endsWith('load-policy.cjs')),
      };
console.log(JSON.stringify(printed));
