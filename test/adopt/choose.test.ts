import { describe, expect, it } from 'vitest';
import { chooseMoves, type AdoptChoice, type AdoptWish } from '../../src/adopt/choose.ts';
import type { AppSource } from '../../src/adopt/find.ts';
import { asGid, asPid, asPm2Home, asUid } from '../../src/runtime/brands.ts';
import { policyFrom } from '../verdict/policies.ts';
import { people } from '../verdict/people.ts';

const policy = policyFrom(`
default: web
daemons:
  web: { user: www-data, apps: [myapp, "shop-*"], paths: [/srv/web] }
  staging: { user: staging, apps: [api], paths: [/srv/staging] }
  prod: { user: prod, apps: [api], paths: [/srv/prod] }
`);

/** `api /srv/prod`: an app and its directory; `!` before it: saved, and its record names another PM2_HOME. */
function place(
  user: string,
  state: AppSource['state'],
  apps: string[],
  home = `${people[user]?.[1] ?? ''}/.pm2`,
): AppSource {
  const processes = apps.map((app, at) => {
    const [name = '', cwd = '/srv/web'] = app.replace('!', '').split(' ');
    return {
      pmId: at,
      pid: 100 + at,
      record: {
        name,
        pm_exec_path: `${cwd}/app.js`,
        pm_cwd: cwd,
        PM2_HOME: app.startsWith('!') ? '/elsewhere/.pm2' : home,
      },
    };
  });
  const uid = asUid(people[user]?.[0] ?? -1);
  return {
    state,
    pm2Home: asPm2Home(home),
    processes,
    seat: {
      label: user,
      user,
      uid,
      gid: asGid(uid),
      homeDirectory: people[user]?.[1] ?? '',
      shell: '',
      pm2Home: asPm2Home(home),
    },
    pid: asPid(1),
    started: '1',
    modules: [],
    saved: null,
    foreign: uid !== 0,
    keeper: null,
    trouble: null,
    ports: [],
  };
}

/** A choice in a few words. */
function words(choice: AdoptChoice): string {
  switch (choice.type) {
    case 'move':
      return (
        `${choice.copy.name} of ${choice.copy.place.seat?.user ?? '?'} ${choice.copy.place.state} to ` +
        `${choice.to.label}${choice.stale.map((one) => `, forgotten in ${one.pm2Home}`).join('')}`
      );
    case 'home':
      return `${choice.name} is home in ${choice.daemon}`;
    case 'ambiguous':
      return `${choice.name}? ${choice.next.map((next) => next.replace(/^(sudo )?pm2-guard adopt /, '')).join(' | ')}`;
    case 'module':
      return `${choice.name} is a module`;
    case 'unowned':
      return `${choice.name} belongs to no daemon`;
    case 'unknown':
      return `no ${choice.name}; strays: ${choice.strays.join(' ')}`;
  }
}
const chosen = (places: AppSource[], names: string[], wish: Partial<AdoptWish> = {}) =>
  chooseMoves(places, policy, { names, allStrays: names.length === 0, from: null, to: null, ...wish }).map(words);

describe('where an app belongs', () => {
  const root = place('root', 'live', ['myapp', 'other /srv/x', 'byPath /srv/web']);
  const web = place('www-data', 'live', ['myapp', 'shop-1']);
  it('by its name', () => {
    expect(chosen([root], ['myapp'])).toEqual(['myapp of root live to web']);
  });
  it('by its path', () => {
    expect(chosen([root], ['byPath'])).toEqual(['byPath of root live to web']);
  });
  it('an app that no rule names', () => {
    expect(chosen([root], ['other', 'nosuch'])).toEqual([
      'other belongs to no daemon',
      'no nosuch; strays: byPath myapp',
    ]);
  });
  it('where --to says', () => {
    expect(chosen([root], ['other'], { to: policy.daemons.find(({ name }) => name === 'prod') ?? null })).toEqual([
      'other of root live to prod',
    ]);
  });
  it('is where it is', () => {
    expect(chosen([web], ['myapp'])).toEqual(['myapp is home in web']);
  });
  it('beside a copy at home', () => {
    expect(chosen([root, web], ['myapp'])).toEqual(['myapp of root live to web']);
  });
  it("not, where it is a module of PM2's", () => {
    expect(chosen([{ ...root, modules: ['pm2-logrotate'] }], ['pm2-logrotate'])).toEqual(['pm2-logrotate is a module']);
  });
  it('in two wrong places at once', () => {
    expect(chosen([root, place('deploy', 'live', ['myapp'])], ['myapp'])).toEqual([
      'myapp? --from /root/.pm2 -- myapp | --from /home/deploy/.pm2 -- myapp',
    ]);
  });
  it('in one of them', () => {
    expect(chosen([root, place('deploy', 'live', ['myapp'])], ['myapp'], { from: [root] })).toEqual([
      'myapp of root live to web',
    ]);
  });
  it('all strays: running apps; an app without an owner is left alone', () => {
    expect(chosen([root, web, place('ops', 'saved', ['shop-9'])], [])).toEqual([
      'byPath of root live to web',
      'myapp of root live to web',
    ]);
  });
  it("a home of root's in the right place is not right", () => {
    expect(chosen([place('root', 'live', ['myapp'], '/var/www/.pm2')], ['myapp'])).toEqual([
      'myapp of root live to web',
    ]);
  });
  it('a daemon that cannot be asked is not right either', () => {
    expect(chosen([web, place('www-data', 'lost', ['myapp'])], ['myapp'])).toEqual(['myapp of www-data lost to web']);
  });
});

describe('one name of two daemons on purpose (T35)', () => {
  const both = [place('staging', 'live', ['api /srv/staging']), place('prod', 'live', ['api /srv/prod'])];
  it('is home in both', () => {
    expect(chosen(both, ['api'])).toEqual(['api is home in staging']);
  });
  it('goes by its path', () => {
    expect(chosen([...both, place('root', 'live', ['api /srv/prod'])], ['api'])).toEqual(['api of root live to prod']);
  });
  it('is asked about where that says nothing', () => {
    expect(chosen([place('root', 'live', ['api /srv/x'])], ['api'])).toEqual([
      'api? --to prod -- api | --to staging -- api',
    ]);
  });
  it('is not forgotten in the list of the other one', () => {
    expect(chosen([both[1] as AppSource, place('staging', 'saved', ['api /srv/staging'])], ['api'])).toEqual([
      'api is home in prod',
    ]);
  });
});

describe('a saved list', () => {
  it('brings back what runs nowhere', () => {
    expect(chosen([place('ops', 'saved', ['myapp'])], ['myapp'])).toEqual(['myapp of ops saved to web']);
  });
  it('of the right home is right', () => {
    expect(chosen([place('www-data', 'saved', ['myapp'])], ['myapp'])).toEqual(['myapp is home in web']);
  });
  it('that was copied from another home is not (T29)', () => {
    expect(chosen([place('www-data', 'saved', ['!myapp'])], ['myapp'])).toEqual(['myapp of www-data saved to web']);
  });
  it('loses what runs (T24)', () => {
    const old = place('ops', 'saved', ['myapp']);
    expect(chosen([place('root', 'live', ['myapp']), old], ['myapp'])).toEqual([
      'myapp of root live to web, forgotten in /home/ops/.pm2',
    ]);
    expect(chosen([place('www-data', 'live', ['myapp']), old], ['myapp'])).toEqual([
      'myapp is home in web',
      'myapp of ops saved to web',
    ]);
  });
  it('keeps another app of the same name', () => {
    expect(
      chosen([place('www-data', 'live', ['myapp']), place('ops', 'saved', ['myapp /srv/else'])], ['myapp']),
    ).toEqual(['myapp is home in web']);
  });
});
