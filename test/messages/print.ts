// Prints every message of the guard, as its reader sees it:  sudo node --import tsx test/messages/print.ts
import { createHost } from '../harness/host.ts';
import { prepare, SCENES } from './scenes.ts';

async function print(): Promise<void> {
  const host = await createHost({ users: ['carol'] });
  try {
    await prepare(host);
    for (const [at, { name, line, options, user, prepare: before }] of SCENES.entries()) {
      await before?.(host);
      const { status, stdout, stderr } = await host.run(line, {
        ...(user === undefined ? {} : { user }),
        cwd: '/',
        ...options,
      });
      console.log(`=== ${at + 1}  ${name}  [typed as ${user ?? 'root'} in ${options?.cwd ?? '/'}]:  ${line}`);
      console.log(`${stderr}${stdout}(exit ${status ?? '?'})\n`);
    }
  } finally {
    await host.dispose();
  }
}

void print();
