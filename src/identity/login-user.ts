import { asUid } from '../runtime/brands.ts';
import { readTextOrEmpty } from '../runtime/peek.ts';
import { accountByUid, type Account } from './accounts.ts';

/** proc(5), since Linux 2.6.11. Set at login and kept by `su`, doas and run0. Unset for services. */
const NO_LOGIN = '4294967295';

/** The kernel's login user of this process, other than root. Null: a service, or an uid without an account. */
export function loginUser(): Account | null {
  const uid = readTextOrEmpty('/proc/self/loginuid').trim();
  return uid === '' || uid === NO_LOGIN || uid === '0' ? null : accountByUid(asUid(Number(uid)));
}
