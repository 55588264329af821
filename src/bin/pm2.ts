import { guard } from '../guard/guard.ts';
import { BLOCKED } from '../guard/refuse.ts';

export { rehearse } from '../guard/rehearse.ts';

export function main(): void {
  guard().catch((error: unknown) => {
    process.stderr.write(
      `pm2-guard: this is a bug, nothing was run; please report it with the lines below\n  meanwhile:  ` +
        `PM2_GUARD=off pm2 ...\n${error instanceof Error ? String(error.stack) : String(error)}\n`,
    );
    process.exitCode = BLOCKED;
  });
}
