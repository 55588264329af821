/** What the files in the caller's directory hold. */
export const files: Record<string, string> = {
  'app.js':
    'console.log("up", process.argv.slice(2).join(" ")); process.on("SIGUSR2", () => console.log("usr2")); ' +
    'setInterval(() => {}, 1000);',
  'cluster.js': 'require("http").createServer((_, r) => r.end("ok")).listen(8123, "127.0.0.1");',
  'noisy.js': 'console.error("to stderr"); console.log("to stdout"); setInterval(() => {}, 1000);',
  'apps.json':
    '{ "apps": [{ "name": "json-a", "script": "app.js" }, { "name": "json-b", "script": "noisy.js", "namespace": ' +
    '"pair" }] }',
  'apps.yaml': 'apps:\n  - name: yaml-a\n    script: app.js\n    env:\n      COLOUR: blue\n',
  'ecosystem.config.js':
    'module.exports = { apps: [\n  { name: "eco-a", script: "app.js", env: { STAGE: "dev" }, env_production: { ' +
    'STAGE: "prod" } },\n  { name: "eco-b", script: "noisy.js", args: "--x 1" },\n] };',
  'site/index.html': '<p>hello</p>\n',
};

export interface Row {
  line: string;
  input?: string;
  /** The order of lines is chance (PM2 reads log files side by side), or does not matter (the shell sorts for TAB). */
  unordered?: true;
}

/** In order: every one is typed on both hosts, and each finds what the ones before it left. */
export const commandLines: Row[] = [
  // A fresh PM2_HOME: the banner and the daemon. Plain PM2 spawns one even for `--version`, the guard does not. So a
  // call that needs it comes first; test/guard/no-daemon.test.ts has the others in a fresh PM2_HOME.
  ...['pm2 ping', 'pm2', 'pm2 --version', 'pm2 -v', 'pm2 -V list', 'pm2 --help', 'pm2 -h', 'pm2 start --help'],
  ...['pm2 logs -h', 'pm2 examples'],
  ...[
    'pm2 nosuch',
    'pm2 nosuch -h',
    'pm2 --nosuch',
    'pm2 list --nosuch',
    'pm2 ""',
    'pm2 jlist',
    'pm2 prettylist',
    'pm2 list',
    'pm2 ls -m',
  ],
  // start
  ...[
    'pm2 start app.js',
    'pm2 start app.js',
    'pm2 start app.js -f --name second',
    'pm2 start ./app.js --name third -- --port 3 -v --name other',
  ],
  ...[
    'pm2 start "node app.js --x 1" --name shell',
    'pm2 start missing.js',
    'pm2 start',
    'pm2 start --name',
    'pm2 start apps.json',
    'pm2 start ecosystem.config.js --only eco-a',
  ],
  ...[
    'pm2 start ecosystem.config.js --env production',
    'pm2 start apps.yaml',
    'pm2 start cluster.js -i 2 --name cluster',
    'pm2 start 123',
    'pm2 -n early start noisy.js --no-autorestart',
  ],
]
  .map((line): Row => ({ line }))
  .concat(
    [
      { line: 'pm2 start -', input: '{ "apps": [{ "name": "from-stdin", "script": "app.js" }] }' },
      { line: 'pm2 start -', input: 'not json' },
      { line: 'pm2 delete -', input: '{ "apps": [{ "name": "from-stdin", "script": "app.js" }] }' },
    ],
    [
      // restart, reload, stop, scale
      ...[
        'pm2 restart app',
        'pm2 restart app second third',
        'pm2 restart 0',
        'pm2 restart nosuch',
        'pm2 restart /eco-.*/',
        'pm2 restart pair',
        'pm2 restart',
        'pm2 reload cluster',
        'pm2 reload nosuch',
      ],
      ...[
        'FOO=bar pm2 restart app --update-env',
        'pm2 restart app --env production',
        'pm2 restart third --name renamed -- --port 4',
        'pm2 stop second',
        'pm2 stop nosuch',
        'pm2 stop app -- second',
        'pm2 start second app',
      ],
      ...[
        'pm2 scale cluster 3',
        'pm2 scale cluster 1',
        'pm2 scale nosuch 2',
        'pm2 startOrRestart apps.json',
        'pm2 startOrReload apps.json',
        'pm2 startOrGracefulReload apps.json',
        'pm2 startOrRestart missing.json',
      ],
      // looking
      ...[
        'pm2 describe app',
        'pm2 show nosuch',
        'pm2 info 0',
        'pm2 env 0',
        'pm2 env 99',
        'pm2 id app',
        'pm2 id nosuch',
        'pm2 pid app',
        'pm2 pid',
        'pm2 list',
        'pm2 ps --sort name:desc -m',
        'pm2 jlist',
      ],
      ...['pm2 -s list', 'pm2 jlist --silent', 'pm2 l', 'pm2 slist'],
      // logs and files
      ...[
        'pm2 flush',
        'pm2 report',
        'pm2 restart app eco-b',
        'pm2 logs app --nostream --raw --out',
        'pm2 log eco-b --nostream --err',
        'pm2 logs nosuch --nostream',
        'pm2 flush app',
        'pm2 flush',
        'pm2 reloadLogs',
      ],
      ...['pm2 save', 'pm2 save extra', 'pm2 dump --force', 'pm2 cleardump', 'pm2 save'],
      // PM2's own store, counters, signals, boot, what only prints
      ...[
        'pm2 set ops:key value',
        'pm2 get ops:key',
        'pm2 conf',
        'pm2 unset ops:key',
        'pm2 multiset "a 1 b 2"',
        'pm2 config a',
        'pm2 reset app',
        'pm2 reset all',
        'pm2 reset nosuch',
      ],
      ...[
        'pm2 sendSignal SIGUSR2 app',
        'pm2 sendSignal SIGUSR2 nosuch',
        'pm2 trigger nosuch act',
        'pm2 attach',
        'pm2 completion',
        'COMP_CWORD=1 COMP_LINE="pm2 re" COMP_POINT=6 pm2 completion -- pm2 re',
        'COMP_CWORD=2 COMP_LINE="pm2 restart " COMP_POINT=12 pm2 completion -- pm2 restart ""',
        'pm2 startup -u ops --hp /home/ops',
        'pm2 unstartup -u ops --hp /home/ops',
        'pm2 deploy ecosystem.config.js nosuch',
      ],
      ...[
        'cd site && pm2 init simple',
        'pm2 serve site 8124 --name web',
        'pm2 restart all',
        'pm2 stop all',
        'pm2 restart all --silent',
        'name=odd pm2 start noisy.js',
        'pm2 list --no-color',
      ],
      // the end of things
      ...[
        'pm2 delete',
        'pm2 delete nosuch',
        'pm2 delete 0',
        'pm2 delete shell renamed',
        'pm2 delete apps.json',
        'pm2 update',
        'pm2 delete all',
        'pm2 resurrect',
        'pm2 kill extra',
        'pm2 kill',
        'pm2 jlist',
        'pm2 resurrect',
      ],
    ].map((line): Row => (line.startsWith('COMP_') ? { line, unordered: true } : { line })),
    [
      { line: 'pm2 start noisy.js && sleep 0.5 && pm2 logs --nostream --lines 3', unordered: true },
      { line: 'pm2 kill' },
    ],
  );
