import { foreignSocket } from './checks/foreign-socket.ts';
import type { Check } from './finding.ts';

/** Every check, in the order of their codes. */
export const checks: readonly Check[] = [
  foreignSocket,
];
