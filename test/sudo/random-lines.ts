/** Random command lines of sudo: mostly sensible ones, with every option, and now and then a slip. */
export function randomLines(count: number, seed: number): string[][] {
  const random = generator(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const chance = (probability: number) => random() < probability;

  const users = [
    'root',
    'www-data',
    'ops',
    'www-data',
    '#33',
    '#0',
    '#033',
    'nobody-there',
    '#77777',
    '33',
    '',
    '--',
    '=ops',
  ];
  const groups = ['root', 'www-data', '#33', 'ops', 'nosuch', ''];
  const values: Record<string, () => string> = {
    u: () => pick(users),
    g: () => pick(groups),
    p: () => pick(['', 'Password:', '-n', '%u']),
    C: () => pick(['3', '7', '2', 'x', '003', '9999999999', '']),
    D: () => pick(['/srv/elsewhere', '/', '/nowhere', '']),
    R: () => pick(['/', '']),
    T: () => pick(['5', '1m', 'x', '']),
    r: () => pick(['x', '']),
    t: () => pick(['x', '']),
    U: () => 'root',
  };
  const longs: Record<string, string> = {
    A: 'askpass',
    b: 'background',
    B: 'bell',
    C: 'close-from',
    D: 'chdir',
    E: 'preserve-env',
    g: 'group',
    H: 'set-home',
    i: 'login',
    n: 'non-interactive',
    N: 'no-update',
    P: 'preserve-groups',
    p: 'prompt',
    R: 'chroot',
    r: 'role',
    S: 'stdin',
    s: 'shell',
    t: 'type',
    T: 'command-timeout',
    u: 'user',
    k: 'reset-timestamp',
    K: 'remove-timestamp',
    l: 'list',
    v: 'validate',
    V: 'version',
    U: 'other-user',
  };
  const likely = 'nuuunEHskiSbBNPgp';
  const unlikely = 'ACDRTrtUKlvVkig';

  const abbreviated = (name: string) => (chance(0.5) ? name : name.slice(0, 1 + Math.floor(random() * name.length)));
  const option = (): string[] => {
    const letter = pick(Array.from(chance(0.8) ? likely : unlikely));
    const value = values[letter];
    if (letter === 'E' && chance(0.5))
      return [
        `--${abbreviated('preserve-env')}=${pick(['FOO', 'FOO,BAR', 'HOME', '', 'A=b', 'PM2_HOME,FOO', ',FOO,'])}`,
      ];
    if (chance(0.35)) {
      const name = abbreviated(longs[letter] ?? '');
      if (value === undefined) return [chance(0.97) ? `--${name}` : `--${name}=x`];
      return chance(0.5) ? [`--${name}=${value()}`] : [`--${name}`, value()];
    }
    if (value === undefined) return [`-${letter}`];
    return chance(0.5) ? [`-${letter}${value()}`] : [`-${letter}`, value()];
  };
  const cluster = (): string[] => {
    const flags = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(Array.from('nnEHsSbBNPki'))).join('');
    if (chance(0.5)) return [`-${flags}`];
    const letter = pick(Array.from('uuugpC'));
    const value = values[letter]?.() ?? '';
    return chance(0.5) ? [`-${flags}${letter}${value}`] : [`-${flags}${letter}`, value];
  };
  const assignment = () => [
    pick([
      'FOO=1',
      'BAR=a b',
      'PM2_HOME=/x',
      'HOME=/h',
      'A=',
      'a/b=c',
      '=x',
      '/x=y',
      'FOO=$HOME',
      'X=--',
      '1a=2',
      'NODE_ENV=ü',
    ]),
  ];
  const slip = () => [
    pick([
      '-',
      '--',
      '-W',
      '--nosuch',
      '---user=x',
      '-h',
      '--help',
      '-hdebian',
      '-nh',
      '--host=debian',
      '-e',
      '-a',
      '-cx',
      '-E=FOO',
      '--=',
      '-1',
      '--constructor',
    ]),
  ];
  const word = () =>
    pick([
      'restart',
      'myapp',
      '--update-env',
      '-u',
      'ops',
      'a b',
      '',
      '$HOME',
      '*',
      'ü',
      "'",
      '"',
      '\\',
      'A=1',
      '--',
      '-n',
      'x\ny',
      ';',
      '~',
      '#',
      '`id`',
      'pm2',
    ]);
  const command = () => [
    pick(['pm2', 'pm2', '/usr/local/bin/pm2', 'pm2', 'nosuch']),
    ...Array.from({ length: Math.floor(random() * 5) }, word),
  ];

  return Array.from({ length: count }, () => {
    const line: string[] = [];
    for (let left = Math.floor(random() * random() * 7); left > 0; left--) {
      line.push(...(chance(0.04) ? slip() : chance(0.2) ? assignment() : chance(0.3) ? cluster() : option()));
    }
    if (chance(0.15)) line.push('--');
    if (chance(0.96)) line.push(...command());
    return line;
  });
}

/** mulberry32: small, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
