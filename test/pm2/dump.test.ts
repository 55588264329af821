import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readDump } from '../../src/pm2/dump.ts';
import { RealPm2, versions } from './real.ts';

const place = mkdtempSync(join(tmpdir(), 'dump-'));
afterAll(() => {
  rmSync(place, { recursive: true });
});
const written = (text: string | Buffer) => {
  const file = join(place, 'dump.pm2');
  rmSync(file, { force: true });
  writeFileSync(file, text);
  return file;
};

it.each(versions)('what PM2 %s saved', (version) => {
  const pm2 = new RealPm2(version);
  pm2.run([
    'start',
    pm2.file('srv/app.js', 'setInterval(() => {}, 1e6)'),
    '--name',
    'web',
    '--namespace',
    'shop',
    '-i',
    '2',
  ]);
  pm2.run(['save']);
  const web = { name: 'web', namespace: 'shop', script: join(pm2.root, 'srv/app.js'), cwd: pm2.root };
  expect(readDump(join(pm2.home, 'dump.pm2'))).toEqual([web, web]);
  pm2.stop();
});

describe('a dump that', () => {
  const refused: [what: string, file: () => string][] = [
    ['is not there', () => join(place, 'none')],
    ['is empty', () => written('')],
    ['is cut off', () => written('[{"name": "web", "pm_cw')],
    ['is JavaScript', () => written('(function () { process.exit(9) })() || [{ name: "web" }]')],
    ['is JSON with comments', () => written('[{"name": "web"}] // saved')],
    ['is an object', () => written('{"name": "web"}')],
    ['is binary', () => written(Buffer.from([0, 255, 254, 1]))],
    [
      'is a directory',
      () => {
        mkdirSync(join(place, 'd'));
        return join(place, 'd');
      },
    ],
    [
      'is a symbolic link',
      () => {
        symlinkSync(written('[]'), join(place, 'l'));
        return join(place, 'l');
      },
    ],
    [
      'is a FIFO',
      () => {
        execFileSync('mkfifo', [join(place, 'f')]);
        return join(place, 'f');
      },
    ],
    [
      'is too long',
      () => {
        const file = written('[');
        truncateSync(file, (64 << 20) + 1);
        return file;
      },
    ],
  ];
  it.each(refused)('%s', (_, file) => {
    expect(readDump(file())).toBeNull();
  });

  it('holds other things too', () => {
    expect(
      readDump(
        written(
          '[null, 1, [], {"name": 7}, {"name": ""}, {"name": "a", "pm_cwd": {}, "__proto__": {"namespace": "x"}}]',
        ),
      ),
    ).toEqual([{ name: 'a', namespace: null, script: null, cwd: null }]);
  });
});
