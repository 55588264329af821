import { accountByName } from '../../src/identity/accounts.ts';
import { factsOfHost } from '../../src/verify/facts.ts';

// A process of its own, for a host of its own: the environments that verify gives to a user's ways in.
const account = accountByName(process.argv[2] ?? '');
const { ssh, cron, systemd, login } = factsOfHost();
console.log(
  JSON.stringify(
    account && { login: login(account), ssh: ssh?.(account), cron: cron?.(account), systemd: systemd?.(account) },
  ),
);
