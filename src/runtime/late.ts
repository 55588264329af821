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

/** Loads on demand: node:child_process takes 3 ms. With import(), esbuild's bundle would start 0.6 ms later. */
export function lazyBuiltin<Name extends keyof Modules>(name: Name): Modules[Name] {
  return createRequire('/')(name) as Modules[Name];
}
