import type { User, World } from '../model.ts';
import type { Grammar } from '../shell/grammar.ts';

export interface Language {
  /** Types of call nodes. */
  calls: readonly string[];
  /** Names of the functions that run commands, with or without the part before the last dot. */
  runs: readonly RegExp[];
  /** The words of a command may be separate arguments. */
  spreads: boolean;
}

function named(names: string): RegExp {
  return new RegExp(`^(${names.replace(/ /g, '|')})$`);
}

export const LANGUAGES: Readonly<Record<Exclude<Grammar, 'bash' | 'fish'>, Language>> = {
  php: {
    calls: [
      'function_call_expression',
      'scoped_call_expression',
      'member_call_expression',
      'object_creation_expression',
    ],
    runs: [
      named('exec shell_exec system passthru proc_open popen ssh2_exec run runLocally runInBackground'),
      named('fromShellCommandline execute executeSsh'),
      /^\\?(\w+\\)*Process$/,
    ],
    spreads: false,
  },
  python: {
    calls: ['call'],
    runs: [
      /^os\.(system|popen|exec\w+)$/,
      /^(subprocess\.)?(run|call|Popen|check_call|check_output|getoutput|getstatusoutput)$/,
      /^(local|exec_command|create_subprocess_shell|create_subprocess_exec|spawn|run_command|execute)$/,
    ],
    spreads: true,
  },
  javascript: {
    calls: ['call_expression'],
    runs: [
      /^\$$/,
      named(
        'exec execSync spawn spawnSync execFile execFileSync execAsync execPromise execCommand shellExec runCommand',
      ),
      named('execa execaSync execaCommand execaCommandSync'),
    ],
    spreads: true,
  },
  ruby: {
    calls: ['call', 'command', 'method_call'],
    runs: [
      /^shell_out!?$/,
      named('system exec execute run spawn capture capture2 capture2e capture3 popen popen3 test command queue'),
      named('run_locally sh background'),
    ],
    spreads: true,
  },
};

/** Where a deploy tool's file runs its commands. */
export function placeOf(
  name: Exclude<Grammar, 'bash' | 'fish'>,
  text: string,
  path: string,
): { user: User; world: World } {
  const remote: World = { kind: 'remote', host: 'the server' };
  const here: World = { kind: 'here' };
  if (
    name === 'ruby' &&
    /\b(roles?|server)\b|\bset\s+:(application|deploy_to|domain)|capistrano|mina|\bon\s+roles/.test(text)
  ) {
    return {
      user: userIn(text, [
        /\bserver\s[^\n]*\buser:\s*['"]([\w-]+)['"]/,
        /\bset\s+:(?:user|deploy_user),\s*(?:->\s*\{\s*)?['"]([\w-]+)['"]/,
      ]),
      world: remote,
    };
  }
  if (name === 'php' && /\bnamespace Deployer\b|\bDeployer\\|recipe\/|\btask\(\s*['"]/.test(text)) {
    return {
      user: userIn(text, [
        /(?:remote_user['"]\s*,\s*|setRemoteUser\(\s*|->user\(\s*)['"]([\w-]+)['"]/,
        /host\(\s*['"]([\w-]+)@/,
      ]),
      world: remote,
    };
  }
  if (name === 'python' && (/\bfabric\b|\bfabfile\b|\bparamiko\b/.test(text) || /fabfile/.test(path))) {
    return {
      user: userIn(text, [
        /\benv\.user\s*=\s*['"]([\w-]+)['"]/,
        /Connection\([^)]*?['"]([\w-]+)@/,
        /Connection\([^)]*\buser\s*=\s*['"]([\w-]+)['"]/,
        /\busername\s*=\s*['"]([\w-]+)['"]/,
        /env\.hosts\s*=\s*\[\s*['"]([\w-]+)@/,
      ]),
      world: remote,
    };
  }
  if (name === 'javascript' && /\b(node-ssh|NodeSSH|ssh2|shipit)\b/.test(text)) {
    return { user: userIn(text, [/\busername:\s*['"]([\w-]+)['"]/, /servers:\s*['"]([\w-]+)@/]), world: remote };
  }
  return { user: { kind: 'unset' }, world: here };
}

function userIn(text: string, patterns: readonly RegExp[]): User {
  for (const pattern of patterns) {
    const name = pattern.exec(text)?.[1];
    if (name !== undefined) return { kind: 'known', name, said: 'the login of ssh' };
  }
  return { kind: 'unset' };
}
