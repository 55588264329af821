import js from '@eslint/js';
import ts from 'typescript-eslint';

// The way of the data (ARCHITECTURE.md): a room may import only from the rooms named here, and src/runtime/brands.ts.
const rooms = {
  runtime: [],
  terminal: [],
  trust: ['runtime'],
  pm2: ['runtime', 'trust', 'terminal', 'identity'],
  identity: ['runtime', 'trust', 'terminal'],
  policy: ['runtime', 'trust', 'terminal', 'identity'],
  verdict: ['pm2', 'policy', 'identity', 'terminal'],
  call: ['runtime', 'trust', 'pm2', 'identity', 'policy', 'verdict', 'terminal'],
  prepared: ['trust', 'pm2'],
  guard: [
    ...['prepared', 'runtime', 'trust', 'pm2', 'identity', 'policy', 'verdict', 'call', 'terminal'],
    ...['sudoers', 'log', 'seal'],
  ],
  host: ['runtime', 'trust', 'pm2', 'identity', 'policy', 'terminal'],
  install: ['prepared', 'runtime', 'trust', 'pm2', 'identity', 'policy', 'host', 'terminal', 'sudoers', 'seal'],
  seal: ['runtime', 'trust', 'pm2', 'identity', 'policy', 'host', 'terminal'],
  verify: ['runtime', 'trust', 'pm2', 'identity', 'policy', 'host', 'terminal', 'install'],
  repair: ['runtime', 'trust', 'pm2', 'identity', 'host'],
  doctor: ['runtime', 'trust', 'pm2', 'identity', 'policy', 'host', 'repair', 'terminal', 'sudoers', 'seal', 'install'],
  adopt: ['runtime', 'trust', 'pm2', 'identity', 'policy', 'host', 'repair', 'terminal'],
  sudoers: ['runtime', 'trust', 'identity', 'policy', 'terminal'],
  log: ['runtime', 'pm2', 'terminal'],
  traps: [],
  manual: ['commands', 'policy', 'doctor', 'lint', 'traps', 'verdict'],
  completion: ['pm2', 'identity', 'policy'],
  lint: ['runtime', 'trust', 'pm2', 'identity', 'policy', 'verdict', 'call', 'terminal', 'sudo', 'host'],
  sudo: ['runtime', 'trust', 'pm2', 'identity', 'policy', 'verdict', 'call', 'guard', 'terminal'],
};
const every = [...Object.keys(rooms), 'commands', 'bin'];
const walls = Object.entries(rooms).map(([room, open]) => ({
  files: [`src/${room}/**/*.ts`],
  rules: {
    'no-restricted-imports': ['error', {
      patterns: every.filter((other) => other !== room && !open.includes(other))
        .map((other) => ({
          group: [`**/${other}/**`, '!**/runtime/brands.ts'],
          message: `src/${room} must not know src/${other} (ARCHITECTURE.md)`,
        })),
    }],
  },
}));

export default ts.config(
  { ignores: ['dist', 'node_modules', '.cache', 'coverage', 'test/harness/myapp', 'src/bin/parts'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  {
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines': ['error', 250],
      'max-len': ['error', { code: 120 }],
      'no-control-regex': 'off', // escaping control characters is one of our duties
    },
  },
  {
    files: ['test/**', 'bench/**'],
    rules: { 'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }] },
  },
  ...walls,
  {
    files: ['**/*.mjs'],
    ...ts.configs.disableTypeChecked,
    languageOptions: {
      ...ts.configs.disableTypeChecked.languageOptions,
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
      },
    },
  },
  {
    files: ['**/*.cjs'],
    ...ts.configs.disableTypeChecked,
    languageOptions: {
      ...ts.configs.disableTypeChecked.languageOptions,
      sourceType: 'commonjs',
      ecmaVersion: 2015,
      globals: { process: 'readonly', __filename: 'readonly' },
    },
    rules: {
      ...ts.configs.disableTypeChecked.rules,
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { caughtErrors: 'none' }],
    },
  },
);
