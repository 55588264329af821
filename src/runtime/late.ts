import type * as childProcess from 'node:child_process';
import type * as crypto from 'node:crypto';
import { createRequire } from 'node:module';
import type * as net from 'node:net';
import type * as os from 'node:os';
import type * as tty from 'node:tty';

interface Modules {
  'node:child_process': typeof childProcess;
  'node:crypto': typeof crypto;
  'node:net': typeof net;
  'node:os': typeof os;
  'node:tty': typeof tty;
}

/**
 * A module of node's own, loaded by whoever needs it and not by every call of pm2: node:child_process takes 3 ms, and
 * with import() in its place esbuild makes of each source file in the bundle an object that is opened later, 0.6 ms for
 * all.
 */
export function lazyBuiltin<Name extends keyof Modules>(name: Name): Modules[Name] {
  return createRequire('/')(name) as Modules[Name];
}
