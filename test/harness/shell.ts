// A shell of root's on a throwaway host, to try the product as a person does:
//   npm run build && sudo node --import tsx test/harness/shell.ts
import { fetchAll } from './fetch.ts';
import { installGuard } from './guard.ts';
import { createHost } from './host.ts';

const CONFIG = `default: web
daemons:
  web:
    user: www-data
    home: /var/www/.pm2
    apps: [myapp]
    operators: [deploy]
`;

async function main(): Promise<void> {
  fetchAll();
  await using host = await createHost({ pm2: '7.0.4' });
  await installGuard(host, CONFIG);
  console.log(
    'pm2 7.0.4 is installed and guarded; the users are deploy (may use sudo), ops and alice. An app to start:\n' +
      '  cd /var/www/html/myapp/public_html && pm2 start npm --name myapp -- start\n' +
      'All of this ends with the shell.',
  );
  process.exitCode = host.shell();
}

void main();
