import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, fetchOnce } from './fetch.ts';
import type { Host } from './host.ts';

/** The sudo of a host. `classic` is this machine's own; the others are sudo-rs, named by the Debian that ships it. */
export const sudos = ['classic', 'trixie', 'sid'] as const;
export type Sudo = (typeof sudos)[number];

/** How sudo-rs is /usr/bin/sudo: by a link of Debian's alternatives, as Ubuntu ships it, or as a file of its own. */
export type Place = 'alternative' | 'file';

/** sid's, without /usr/local (sudo 1.9.17p2-6); Debian 12 and 13 have /usr/local first. */
export const securePathOfSid = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Makes sudo-rs the sudo and the visudo of a host. Nothing changes for `classic`. */
export async function useSudo(host: Host, sudo: Sudo, place: Place = 'alternative'): Promise<void> {
  if (sudo === 'classic') return;
  const programs = fetchSudoRs(sudo);
  for (const name of ['sudo', 'visudo']) {
    const mode = name === 'sudo' ? '4755' : '755';
    await host.write(`/usr/lib/cargo/bin/${name}`, readFileSync(join(programs, name)), { mode });
    const own = name === 'sudo' ? '/usr/bin/sudo' : '/usr/sbin/visudo';
    await host.must(
      place === 'file'
        ? `rm -f ${own} && mv /usr/lib/cargo/bin/${name} ${own}`
        : `rm -f ${own} && ln -s /usr/lib/cargo/bin/${name} /etc/alternatives/${name} && ln -s ` +
            `/etc/alternatives/${name} ${own}`,
    );
  }
}

/**
 * The package's programs, in a directory of the cache: from Debian's archive, by apt with a configuration of its own.
 */
function fetchSudoRs(suite: Exclude<Sudo, 'classic'>): string {
  const target = join(cache, 'sudo-rs', suite);
  fetchOnce(target, (draft) => {
    const apt = mkdtempSync(join(cache, 'apt-'));
    try {
      writeFileSync(join(apt, 'sources'), `deb http://deb.debian.org/debian ${suite} main\n`);
      writeFileSync(join(apt, 'status'), '');
      mkdirSync(join(apt, 'lists/partial'), { recursive: true });
      const options = [
        `Dir::State::Lists=${apt}/lists`,
        `Dir::State::status=${apt}/status`,
        `Dir::Cache=${apt}`,
        `Dir::Etc::SourceList=${apt}/sources`,
        'Dir::Etc::SourceParts=/dev/null',
        'APT::Sandbox::User=root',
      ].flatMap((option) => ['-o', option]);
      for (const words of [['update'], ['download', 'sudo-rs']]) {
        execFileSync('apt-get', ['-qq', ...options, ...words], { cwd: apt, stdio: ['ignore', 'ignore', 'inherit'] });
      }
      const [deb = ''] = readdirSync(apt).filter((name) => name.endsWith('.deb'));
      execFileSync('dpkg-deb', ['--extract', join(apt, deb), join(apt, 'files')]);
      for (const name of ['sudo', 'visudo']) {
        writeFileSync(join(draft, name), forOlderLibc(readFileSync(join(apt, 'files/usr/lib/cargo/bin', name))), {
          mode: 0o755,
        });
      }
    } finally {
      rmSync(apt, { recursive: true, force: true });
    }
  });
  return target;
}

/**
 * Debian 12 has glibc 2.36. The only symbols of 2.39 that these programs name are weak (pidfd_spawnp, pidfd_getpid),
 * and Rust does without them; but the version itself is required. They are looked for in 2.34 instead, and not found.
 * Elfxx_Vernaux begins with the hash of the version's name (Linux Standard Base, "Symbol Version Requirements").
 */
function forOlderLibc(program: Buffer): Buffer {
  const [from, to] = ['GLIBC_2.39', 'GLIBC_2.34'];
  const words = (name: string) => {
    const hash = Buffer.alloc(6); // and no flags
    hash.writeUInt32LE(elfHash(name));
    return hash;
  };
  for (const [was, is] of [
    [words(from), words(to)],
    [Buffer.from(`${from}\0`), Buffer.from(`${to}\0`)],
  ] as const) {
    const at = program.indexOf(was);
    if (at >= 0) is.copy(program, at);
  }
  return program;
}

/** System V ABI, "Hash Table". */
function elfHash(name: string): number {
  let hash = 0;
  for (const character of Buffer.from(name)) {
    hash = ((hash << 4) + character) >>> 0;
    const high = hash & 0xf0000000;
    hash = (hash ^ (high >>> 24)) & ~high;
  }
  return hash >>> 0;
}
