import { afterAll, expect, it } from 'vitest';
import { becomeRootBy, installPm2Line, onThisHost } from '../../src/terminal/root-command.ts';

const SHIM = '/usr/local/lib/pm2-guard/bin/pm2';
const lines = {
  plain: 'sudo -u ops PM2_HOME=/srv/.pm2 pm2 restart x',
  env: 'sudo -u ops env PM2_HOME=/srv/.pm2 pm2 save',
  root: 'sudo PM2_GUARD=off pm2 kill',
  other: 'sudo systemctl restart pm2-ops.service',
  none: 'PM2_HOME=/srv/.pm2 pm2 list',
  option: 'sudo --preserve-env=A pm2',
  edit: 'sudoedit /etc/pm2-guard/config.yaml',
};

// Other files of this process must not see it.
afterAll(() => {
  becomeRootBy('sudo');
});

it.each([
  ['sudo', Object.values(lines)],
  [
    'sudo by path',
    [
      `sudo -u ops PM2_HOME=/srv/.pm2 ${SHIM} restart x`,
      `sudo -u ops env PM2_HOME=/srv/.pm2 ${SHIM} save`,
      `sudo PM2_GUARD=off ${SHIM} kill`,
      lines.other,
      lines.none,
      lines.option,
      lines.edit,
    ],
  ],
  [
    'doas',
    [
      `doas -u ops env PM2_HOME=/srv/.pm2 ${SHIM} restart x`,
      `doas -u ops env PM2_HOME=/srv/.pm2 ${SHIM} save`,
      `doas env PM2_GUARD=off ${SHIM} kill`,
      'doas systemctl restart pm2-ops.service',
      lines.none,
      lines.option,
      'doas vi /etc/pm2-guard/config.yaml',
    ],
  ],
  [
    'root',
    [
      `runuser -u ops -- env PM2_HOME=/srv/.pm2 ${SHIM} restart x`,
      `runuser -u ops -- env PM2_HOME=/srv/.pm2 ${SHIM} save`,
      `PM2_GUARD=off ${SHIM} kill`,
      'systemctl restart pm2-ops.service',
      lines.none,
      lines.option,
      'vi /etc/pm2-guard/config.yaml',
    ],
  ],
] as const)('a line for a person of a host where root is become by: %s', (way, expected) => {
  becomeRootBy(way);
  expect(Object.values(lines).map((line) => onThisHost(line.split(' ')).join(' '))).toEqual(expected);
});

it.each([
  ['sudo', 'sudo npm install -g pm2', 'sudo npm install -g pm2@6.0.14'],
  ['run0', 'run0 npm install -g pm2', 'run0 npm install -g pm2@6.0.14'],
  ['root', 'npm install -g pm2', 'npm install -g pm2@6.0.14'],
] as const)('what installs PM2 there: %s', (way, newest, version) => {
  becomeRootBy(way);
  expect([installPm2Line(), installPm2Line('6.0.14')]).toEqual([newest, version]);
});
