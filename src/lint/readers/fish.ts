import { bashOfFish } from '../fish/translate.ts';
import { runText } from '../shell/run.ts';
import type { ShellScope } from '../shell/scope.ts';
import type { Session } from '../shell/session.ts';
import type { Fragment } from '../text.ts';

export function readFish(fragment: Fragment, scope: ShellScope, session: Session): void {
  const bash = bashOfFish(fragment);
  if (typeof bash === 'string') session.unread.push(bash);
  else runText(bash, scope, session);
}
