import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servedDirectories } from '../../src/host/daemons/served.ts';

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'served-')));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});
const write = (name: string, text: string) => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
};
const link = (name: string, target: string) => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  symlinkSync(target, join(root, name));
};
const served = () =>
  servedDirectories(root)
    .directories.filter(({ source }) => source !== null)
    .map(({ path, source }) => [path, source?.slice(root.length)]);

describe('the document roots of web servers', () => {
  it('are those of enabled sites, and of files outside that a link enables', () => {
    write('etc/nginx/nginx.conf', 'http {\n  root /srv/main;\n}\n');
    write('etc/nginx/sites-available/shop', 'root /srv/shop;\n');
    write('etc/nginx/sites-available/old', 'root /srv/old;\n');
    link('etc/nginx/sites-enabled/shop', '../sites-available/shop');
    write('srv/app/nginx.conf', '# of the app\nroot "/srv/app/public";\n');
    link('etc/nginx/sites-enabled/app', '../../../srv/app/nginx.conf');
    link('etc/nginx/sites-enabled/gone', '/nowhere/at/all');
    write('etc/apache2/conf-available/docs.conf', 'DocumentRoot /srv/docs\n');
    expect(served().sort()).toEqual([
      ['/srv/app/public', '/etc/nginx/sites-enabled/app:2'],
      ['/srv/main', '/etc/nginx/nginx.conf:2'],
      ['/srv/shop', '/etc/nginx/sites-enabled/shop:1'],
    ]);
  });
  it('are read once where several paths lead to a file, and a variable is not understood', () => {
    write('etc/httpd/conf.d/web.conf', 'DocumentRoot /srv/web\nDocumentRoot /srv/${SITE}\n');
    link('etc/httpd/conf.d/again.conf', 'web.conf');
    link('etc/apache2', 'httpd');
    expect(served()).toHaveLength(1);
    expect(servedDirectories(root).notUnderstood).toHaveLength(1);
  });
});
