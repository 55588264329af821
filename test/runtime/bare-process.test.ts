import { describe, expect, it } from 'vitest';
import { startBareProcess, type BareProcess, type BareProgram } from '../../src/runtime/bare-process.ts';

const shell = (script: string, more: Partial<BareProgram> = {}): BareProgram => ({
  file: '/bin/sh',
  words: ['-c', script],
  env: {},
  apart: true,
  ...more,
});

/** How the program ends: its status and signal. */
function ending(program: BareProgram, started: (child: BareProcess) => void = () => undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = startBareProcess(program, (status, signal) => {
      resolve([status, signal]);
    });
    if (child === null) reject(new Error('it did not start'));
    else started(child);
  });
}

const known = Number.parseInt(process.versions.node, 10) <= 22;

function startsPrograms(): void {
  it('ends with its status, or its signal', async () => {
    expect(await ending(shell('exit 3'))).toEqual([3, null]);
    expect(await ending(shell('kill -TERM $$; sleep 60'))).toEqual([null, 'SIGTERM']);
  });

  it('gets the given variables, and no others', async () => {
    expect(await ending(shell('[ "$A-$B-${HOME-none}" = "1-x=y-none" ]', { env: { A: '1', B: 'x=y', C: undefined } })))
      .toEqual([0, null]);
  });

  it('stands apart in / without input and output, or has what this process has', async () => {
    expect(await ending(shell('[ "$PWD" = / ] && ! read -r line && ! [ -t 1 ]'))).toEqual([0, null]);
    const here = shell('[ "$(pwd -P)" = "$1" ]', { apart: false });
    expect(await ending({ ...here, words: [...here.words, 'sh', process.cwd()] })).toEqual([0, null]);
  });

  it('gets a signal that is sent on; one after its end has no effect', async () => {
    let child: BareProcess | undefined;
    const ended = ending(shell('exec sleep 60'), (started) => {
      child = started;
      started.kill('SIGINT');
    });
    expect(await ended).toEqual([null, 'SIGINT']);
    child?.kill('SIGKILL');
  });

  it.each(['/nonexistent', '/', '/etc/passwd'])('is null where %s cannot be run', (file) => {
    expect(startBareProcess(shell('', { file }), () => undefined)).toBeNull();
  });

  it('leaves the warnings of node as they were', () => {
    const before = Reflect.get(process, 'emitWarning') as unknown;
    startBareProcess(shell(':'), () => undefined)?.unref();
    expect(Reflect.get(process, 'emitWarning')).toBe(before);
  });
}

describe('a program below node:child_process', () => {
  if (known) startsPrograms();
  else
    it('is not started in a node whose binding can change', () => {
      expect(startBareProcess(shell(':'), () => undefined)).toBeNull();
    });
});
