import { describe, expect, it } from 'vitest';
import { callsIn } from './reading.ts';

/** One file, and the calls in it: `LINE USER[@WHERE][ VAR=value]: words`. */
const reads =
  (path: string, text: string, ...calls: string[]) =>
  async () => {
    expect(await callsIn(path, text)).toEqual(calls);
  };

describe('other files', () => {
  it('a crontab of the system', reads('etc/cron.d/x', 'PM2_HOME=/x\n* * * * * ops pm2 ls\n', '2 ops PM2_HOME=/x: ls'));
  it('a crontab of a user', reads('var/spool/cron/crontabs/ops', '@reboot pm2 resurrect\n', '1 ops: resurrect'));
  it('cron ends a command at %', reads('x.cron', '* * * * * pm2 stop a % pm2 b\n', '1 ?: stop a'));
  it(
    "anacron is root's",
    reads(
      'etc/anacrontab',
      "PM2_HOME='/x'\n7 10 a.b pm2 ls\n@monthly 5 c pm2 a\n# 1 1 d pm2 b\n",
      '2 root PM2_HOME=/x: ls',
      '3 root PM2_HOME=/x: a',
    ),
  );
  it("cron.daily is root's", reads('etc/cron.daily/x', '#!/bin/sh\npm2 ls\n', '2 root: ls'));
  it(
    'a unit with User=',
    reads(
      'x.service',
      '[Service]\nUser=ops\nEnvironment=PM2_HOME=/x\nExecStart=/usr/bin/pm2 resurrect\n',
      '4 ops PM2_HOME=/x: resurrect',
    ),
  );
  it('a unit without', reads('x.service', '[Service]\nExecStart=/bin/sh -c "pm2 ls"\n', '2 root: ls'));
  it(
    'a unit with comments that end in a backslash, and between continued lines',
    reads(
      'x.service',
      '[Service]\n; a \\\nUser=ops\nExecStart=/usr/bin/pm2 \\\n# b \\\n  restart api\n',
      '4 ops: restart api',
    ),
  );
  for (const [quoted, value] of [
    ["'PM2_HOME=/x y'", '/x y'],
    ['A=1 PM2_HOME="/x y" B=2', '/x y'],
    ['"PM2_HOME=/x" \\\n  B=2', '/x'],
  ] as const)
    it(
      `a unit with Environment=${quoted.replace('\n', '')}`,
      reads(
        'x.service',
        `[Service]\nUser=ops\nExecStart=/usr/bin/pm2 ls\nEnvironment=${quoted}\n`,
        `3 ops PM2_HOME=${value}: ls`,
      ),
    );
  it(
    "a unit's @ names the process, and !! changes no user",
    reads('x.service', '[Service]\nUser=ops\nExecStart=@!!/usr/bin/pm2 web restart api\n', '3 ops: restart api'),
  );
  it("a unit's + is root", reads('x.service', '[Service]\nUser=ops\nExecStartPre=+pm2 ls\n', '3 root: ls'));
  it('supervisor', reads('x.conf', '[program:a]\ncommand=pm2 ls\nuser=ops\n', '2 ops: ls'));
  it(
    "logrotate is root's",
    reads('etc/logrotate.d/x', '/x {\n postrotate\n  pm2 reloadLogs\n endscript\n}\n', '3 root: reloadLogs'),
  );
  it('a forced command', reads('.ssh/authorized_keys', 'command="sudo -u ops pm2 ls" ssh-rsa A b\n', '1 ops: ls'));
  it(
    'a Makefile with variables of a target',
    reads(
      'Makefile',
      'A = api\nprod: A = web\nprod: export PM2_HOME := /x\nprod: build\n\tpm2 restart $(A)\nbuild:\n\tpm2 stop $(A)\n',
      '5 ?: restart web',
      '7 ?: stop api',
    ),
  );
  it('a Makefile with a recipe in the line of its rule', reads('Makefile', 'x y: z ; @-sudo pm2 ls\n', '1 root: ls'));
  it('a Makefile that appends', reads('Makefile', 'A += api\nx:\n\tpm2 restart $(A)\n', '3 ?: restart api'));
  it('a Makefile', reads('Makefile', 'A = api\nx:\n\t@sudo pm2 restart $(A)\n', '3 root: restart api'));
  it('scripts of package.json', reads('package.json', '{"scripts": {"a": "sudo pm2 ls"}}', '1 root: ls'));
  it('a Dockerfile', reads('Dockerfile', 'FROM node\nRUN pm2 ls\n'));
  it('compose', reads('docker-compose.yml', 'services:\n  a:\n    command: pm2 ls\n'));
  it(
    'a deploy section',
    reads(
      'ecosystem.config.js',
      'module.exports = { apps: [], deploy: { p: { user: "ops", host: "h", "post-deploy": "pm2 ls" } } };',
      '1 ops@h: ls',
    ),
  );
  it(
    'a deploy section in JSON',
    reads(
      'ecosystem.json',
      '{"apps": [], "deploy": {"p": {"user": "ops", "host": ["h"], "post-deploy": "pm2 ls"}}}',
      '1 ops@h: ls',
    ),
  );
  it(
    'PHP',
    reads(
      'x.php',
      '<?php\nexec("sudo pm2 ls");\n$p = new Process(["pm2", "jlist"]);\necho "pm2 a";\n`pm2 b`;',
      '2 root: ls',
      '3 ?: jlist',
      '5 ?: b',
    ),
  );
  it(
    'Python',
    reads(
      'x.py',
      'import os\nos.system("pm2 ls")\nsubprocess.run(["sudo", "pm2", "a"])\nprint("pm2 b")\n',
      '2 ?: ls',
      '3 root: a',
    ),
  );
  it(
    'JavaScript',
    reads(
      'x.js',
      'execSync(`sudo pm2 stop ${x}`);\nspawn("pm2", ["ls"]);\nlog("pm2 a");',
      '1 root: stop $_',
      '2 ?: ls',
    ),
  );
  it(
    'Capistrano',
    reads(
      'x.rake',
      'server "h", user: "ops"\non roles(:app) do\n  execute :pm2, :ls\n  as :www do\n' +
        '    execute "pm2 a"\n  end\nend\n',
      '3 ops@the server: ls',
      '5 www@the server: a',
    ),
  );
  it(
    'Envoy',
    reads(
      'Envoy.blade.php',
      "@servers(['w' => 'ops@h'])\n@task('a', ['on' => 'w'])\n pm2 ls\n@endtask\n",
      '3 ops@h: ls',
    ),
  );
  it(
    'Fabric',
    reads(
      'fabfile.py',
      'import fabric\nc = Connection("ops@h")\nc.run("pm2 ls")\nc.sudo("pm2 a", user="www")\n',
      '3 ops@the server: ls',
      '4 www@the server: a',
    ),
  );
});

describe('CI and provisioning', () => {
  it(
    'GitHub, hosted',
    reads(
      'ci.yml',
      'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pm2 ls\n',
      '6 ?@throwaway: ls',
    ),
  );
  it(
    "GitHub, one's own",
    reads(
      'ci.yml',
      'on: push\njobs:\n  a:\n    runs-on: self-hosted\n    steps:\n      - name: pm2 x\n' +
        '        run: |\n          pm2 ls\n',
      '8 ?@runner: ls',
    ),
  );
  it(
    'GitHub, ssh-action',
    reads(
      'ci.yml',
      'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n' +
        '      - uses: a/ssh-action@v1\n        with: { host: h, username: ops, script: pm2 ls }\n',
      '7 ops@h: ls',
    ),
  );
  it(
    'GitLab',
    reads(
      '.gitlab-ci.yml',
      'stages: [a]\na:\n  tags: [x]\n  script:\n    - pm2 ls\nb:\n  image: node\n  script: [pm2 a]\n',
      '5 ?@runner: ls',
      '8 ?@container: a',
    ),
  );
  it(
    'CircleCI',
    reads(
      '.circleci/config.yml',
      'version: 2.1\nworkflows: {}\njobs:\n  a:\n    machine: true\n    steps:\n      - run: pm2 ls\n',
      '7 ?@throwaway: ls',
    ),
  );
  it('Azure', reads('azure-pipelines.yml', 'pool: own\nsteps:\n  - bash: pm2 ls\n', '3 ?@runner: ls'));
  it(
    'Jenkins',
    reads(
      'Jenkinsfile',
      'pipeline { agent any\n stages { stage("pm2 a") { steps { sh \'sudo pm2 ls\' } } } }\n',
      '2 root@runner: ls',
    ),
  );
  it(
    'Bitbucket',
    reads(
      'bitbucket-pipelines.yml',
      'pipelines:\n  default:\n    - step:\n        script:\n          - ssh ops@h pm2 ls\n',
      '5 ops@h: ls',
    ),
  );
  it(
    'Ansible',
    reads(
      'site.yml',
      '- hosts: w\n  become: yes\n  tasks:\n    - shell: pm2 ls\n    - command: pm2 a\n' +
        '      become_user: ops\n    - debug: { msg: pm2 b }\n',
      '4 root@w: ls',
      '5 ops@w: a',
    ),
  );
  it(
    'cloud-init',
    reads('user-data', '#cloud-config\nruncmd:\n  - pm2 ls\n  - [sudo, -u, ops, pm2, a]\n', '3 root: ls', '4 ops: a'),
  );
});
