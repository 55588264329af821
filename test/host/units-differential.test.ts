import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readService, UNKNOWN } from '../../src/host/boot/unit-file.ts';
import type { Manager } from '../../src/host/boot/unit-specifiers.ts';
import { asUid } from '../../src/runtime/brands.ts';
import { randomNumbers } from '../random-runs.ts';
import { describeOnHost } from '../harness/describe.ts';
import { systemdHost, type SystemdHost } from '../harness/systemd.ts';

vi.mock('node:os', async (original) => ({ ...(await original<object>()), hostname: () => 'debian' }));

const random = randomNumbers();
const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
const several = (most: number, make: () => string) => Array.from({ length: Math.ceil(random() * most) }, make);

const TEXTS = ['A=', 'B_2=', ' PM2_HOME=', ' 7=', 'a', '/b', '.', 'ä'];
const PARTS = [...TEXTS, ' ', '  ', '\t', '"', '"', "'", "'", ';'];
const ESCAPES = ['x20', 'x41', '303\\244', 'xe4', 'u00e4', 's', 'q', '"', '\\', ';', '', 'x0'].map((one) => `\\${one}`);
/** A lone percent sign stands before no letter, which would make another specifier. */
const SPECIFIERS = Array.from('huUiIjnNpPftHl%/ ').map((letter) => `%${letter}`);
const BREAKS = [
  ...['\n', '\n', '\n', '\r\n', '\r', '\n\n'],
  ...['\\\n', '\\\r\n ', '\\\n# x\n', '\\\n  ;y\\\n', '\n#z\\\n', '\\\\\n'],
];

const value = () => several(9, () => pick([...PARTS, ...PARTS, ...PARTS, ...ESCAPES, ...SPECIFIERS])).join('');
const path = () => several(4, () => pick(['/a', '//', '/./', '/%p', '/%i', '/b c', '/ä', '/%h', '/..'])).join('');
const setting = () =>
  pick([
    () => `Environment=${value()}`,
    () => `Environment = ${value()} `,
    () => `\tUnsetEnvironment=${pick(['A', 'B_2', 'PM2_HOME=a', value()])}`,
    () => `User=${pick(['ops', 'www-data', '', '%i', ' ops ', '1002'])}`,
    () => `PIDFile=${pick(['', 'x.pid', '/var/run/x.pid', path()])}`,
    () => `EnvironmentFile=${pick(['', '-', '-', ''])}${path()}`,
    () => `DynamicUser=${pick(['yes', 'No', 'TRUE', '0', 'maybe', ''])}`,
    () => pick(['Environment=', 'UnsetEnvironment=', 'EnvironmentFile=', 'user=ops', 'User', '=', 'X-Y=1']),
    () => pick(['[Unit]', '[Install]', '[Service]', '[X-Mine]', '[Service] ', '[ Service]', '[Mine]']),
  ])();
const service = () =>
  pick(['', '\ufeff']) +
  `[Service]${pick(['\n', '\r\n'])}${several(12, () => `${setting()}${pick(BREAKS)}`).join('')}` +
  '\n[Service]\nType=oneshot\nExecStart=/bin/true\n';
const name = (index: number) =>
  `d${index}${pick(['', '-a-b', '-a\\x2db'])}${pick(['', '@x', '@x-y', '@x\\x2dy-z'])}.service`;

/** D-Bus's values, without their types. */
interface Loaded {
  LoadState: string;
  User: string;
  DynamicUser: boolean;
  Environment: string[];
  UnsetEnvironment: string[];
  EnvironmentFiles: [string, boolean][];
  PIDFile: string;
}

const sorted = (items: readonly string[]) => [...new Set(items)].sort();

describeOnHost('a random unit is read as a real systemd reads it', () => {
  let host: SystemdHost;
  beforeAll(async () => {
    host = await systemdHost();
  });
  afterAll(() => host.dispose());

  async function loaded(names: readonly string[], bus: string, user: string): Promise<Loaded[]> {
    const asked = names.map((one) => {
      const escaped = one.replace(/[^A-Za-z0-9]/g, (byte) => `_${byte.charCodeAt(0).toString(16).padStart(2, '0')}`);
      return `/org/freedesktop/systemd1/unit/${escaped}`;
    });
    const call = `busctl --address=unix:path=${bus} --json=short call org.freedesktop.systemd1`;
    const said = await host.must(
      `while read -r path; do ${call} "$path" org.freedesktop.DBus.Properties GetAll s "" || exit; done`,
      { user, cwd: '/', timeoutMs: 120_000, input: `${asked.join('\n')}\n` },
    );
    return said
      .trim()
      .split('\n')
      .map((line) => {
        const [properties] = (JSON.parse(line) as { data: [Record<string, { data: unknown }>] }).data;
        return Object.fromEntries(
          Object.entries(properties).map(([key, { data }]) => [key, data]),
        ) as unknown as Loaded;
      });
  }

  async function compare(directory: string, bus: string, user: string, manager: Manager): Promise<number> {
    const units = Array.from({ length: 150 }, (_, index) => ({ name: name(index), text: service() }));
    const files = units.map((unit) => {
      const text = Buffer.from(unit.text).toString('base64');
      return `echo ${text} | base64 -d > '${unit.name.replace(/@.*\./, '@.')}'`;
    });
    const input = [`mkdir -p ${directory}`, `cd ${directory}`, ...files].join('\n');
    await host.must('sh -es', { user, cwd: '/', input });
    const answers = await loaded(
      units.map((unit) => unit.name),
      bus,
      user,
    );
    let compared = 0;
    for (const [index, unit] of units.entries()) {
      const theirs = answers[index];
      if (theirs?.LoadState !== 'loaded') continue;
      const ours = readService([unit.text], unit.name, manager);
      const values = [ours?.user, ...(ours?.env.values() ?? []), ...(ours?.unset ?? []), ...(ours?.envFiles ?? [])];
      if (ours === null || values.includes(UNKNOWN)) continue;
      compared++;
      const env = [...ours.env].map(([key, one]) => `${key}=${String(one)}`);
      expect({
        ...unit,
        ...(ours.isDynamic ? {} : { user: ours.user ?? '' }),
        dynamic: ours.isDynamic,
        env: sorted(env),
        unset: sorted(ours.unset as string[]),
        files: ours.envFiles,
        pid: ours.pidFile ?? '',
      }).toEqual({
        ...unit,
        ...(theirs.DynamicUser ? {} : { user: theirs.User }),
        dynamic: theirs.DynamicUser,
        env: sorted(theirs.Environment),
        unset: sorted(theirs.UnsetEnvironment),
        files: theirs.EnvironmentFiles.map(([file]) => file),
        pid: theirs.PIDFile,
      });
    }
    return compared;
  }

  it("of the system's manager", async () => {
    expect(await compare('/etc/systemd/system', '/run/dbus/system_bus_socket', 'root', null)).toBeGreaterThan(50);
  });

  it("of a user's manager", async () => {
    const { uid, home } = host.account('ops');
    const bus = `/run/user/${uid}/bus`;
    await host.must('loginctl enable-linger ops', { cwd: '/' });
    await expect.poll(() => host.exists(bus), { timeout: 20_000 }).toBe(true);
    const ops = { name: 'ops', uid: asUid(uid), homeDirectory: home };
    expect(await compare(`${home}/.config/systemd/user`, bus, 'ops', ops)).toBeGreaterThan(50);
  });
});
