import { readFileSync } from 'node:fs';
import { AT, type ChildAnswer, type ChildQuestion } from '../identity/in-child.ts';
import { OPEN, WALK, type Task } from '../identity/as-user.ts';
import { switchUser, type Identity } from '../identity/switch-user.ts';
import { REMOVE_CONTENT } from '../install/empty.ts';
import { REMOVE_OWN_POLICY } from '../install/own-policies.ts';
import { LIST, PROCESS_FILE, READ } from '../lint/rights.ts';
import { RENAME, UNLINK } from '../repair/dead-socket.ts';
import { ENTER } from '../repair/give-back.ts';
import { PACKAGES_BELOW } from '../seal/chosen.ts';
import { LOOK, WORK } from '../seal/seal.ts';

/** Child of src/identity/in-child.ts: does one task with the rights that setpriv(1) gave it. */
const tasks: Readonly<Record<string, Pick<Task<never, unknown>, 'run'> | undefined>> = Object.fromEntries(
  [
    OPEN,
    WALK,
    ENTER,
    RENAME,
    UNLINK,
    REMOVE_CONTENT,
    REMOVE_OWN_POLICY,
    PACKAGES_BELOW,
    LOOK,
    WORK,
    LIST,
    READ,
    PROCESS_FILE,
  ].map((task) => [task.name, task]),
);

function answer(): ChildAnswer {
  const task = tasks[process.argv[2] ?? ''];
  // If node is a shell script, the shell drops the effective user (-p in bash(1) and dash(1)).
  if (process.geteuid?.() === 0) throw new Error('the rights of the user were lost on the way');
  if (task === undefined) throw new Error(`there is no task ${process.argv[2] ?? ''}`);
  try {
    const { argument, held } = JSON.parse(readFileSync(0, 'utf8')) as ChildQuestion;
    return { type: 'done', result: task.run(argument as never, held ? AT : null) };
  } catch (error) {
    const { message, code = null } = error as NodeJS.ErrnoException;
    return { type: 'failed', message, code };
  }
}

/** For src/install/switching.ts. */
function tried(): { done: boolean; node: string; uv: string; why: string | null } {
  const { node, uv } = process.versions;
  try {
    switchUser(JSON.parse(process.argv[3] ?? '') as Identity);
    return { done: true, node, uv, why: null };
  } catch (error) {
    return { done: false, node, uv, why: (error as Error).message };
  }
}

process.stdout.write(JSON.stringify(process.argv[2] === 'switch' ? tried() : answer()));
