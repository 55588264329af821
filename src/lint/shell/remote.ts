import type { User, World } from '../model.ts';
import type { Fragment } from '../text.ts';
import { FragmentBuilder } from '../text.ts';
import { readOptions } from './options.ts';
import type { ParsedWord } from './words.ts';

export interface Elsewhere {
  world: World;
  user: User;
  /** Shell text that runs there; null: its standard input, if any. */
  script: Fragment | null;
  /** Words that run there without a shell. */
  words: readonly ParsedWord[];
}

const SSH = { letters: 'BbcDEeFIiJLlmOopPQRSWw', long: ['option'] };

export function runsElsewhere(name: string): boolean {
  return /^(ssh|autossh|mosh|sshpass|gcloud|vagrant|eb)$/.test(name);
}

/** Programs that run a command on another machine, or in a container. Null: it is none of them. */
export function elsewhere(name: string, words: readonly ParsedWord[]): Elsewhere | null {
  switch (name) {
    case 'ssh':
    case 'autossh':
    case 'mosh':
      return ssh(words);
    case 'sshpass': {
      const { rest } = readOptions(words, { letters: 'pfdP', long: [] });
      return rest[0]?.text === 'ssh' ? ssh(rest.slice(1)) : null;
    }
    case 'gcloud':
    case 'vagrant':
    case 'eb':
      return byCommandOption(name, words);
    case 'docker':
    case 'podman':
    case 'nerdctl':
    case 'kubectl':
    case 'docker-compose':
    case 'lxc':
    case 'lxc-attach':
    case 'incus':
    case 'crictl':
    case 'nsenter':
    case 'chroot':
    case 'systemd-nspawn':
    case 'buildah':
    case 'heroku':
    case 'fly':
    case 'flyctl':
    case 'oc':
      return { world: { kind: 'container' }, user: { kind: 'unset' }, script: null, words: [] };
    default:
      return null;
  }
}

function ssh(words: readonly ParsedWord[]): Elsewhere | null {
  const { values, rest } = readOptions(words, SSH);
  const [target, ...rest2] = rest;
  if (target === undefined) return null;
  // OpenSSH also takes options after the host.
  const { values: later, rest: command } = readOptions(rest2, SSH);
  const login = values.get('l') ?? later.get('l') ?? null;
  // [user@]host, or ssh://[user@]host[:port] (ssh(1)).
  const [, isUri, destination = ''] = /^(ssh:\/\/)?(.*)$/s.exec(target.text) ?? [];
  const at = destination.lastIndexOf('@');
  const userText = login?.text ?? (at > 0 ? destination.slice(0, at) : null);
  const place = at > 0 ? destination.slice(at + 1) : destination;
  const hostText = isUri === undefined ? place : place.replace(/(:\d+)?\/?$/, '');
  const varies = (text: string): boolean => /[$`]|\{\{|<%/.test(text);
  const user: User =
    userText === null
      ? target.certain
        ? { kind: 'unset' }
        : { kind: 'variable', text: target.text, said: 'ssh' }
      : varies(userText)
        ? { kind: 'variable', text: userText, said: 'ssh' }
        : { kind: 'known', name: userText, said: 'ssh' };
  const world: World =
    varies(hostText) || (!target.certain && at < 0)
      ? { kind: 'variable host', text: hostText }
      : { kind: 'remote', host: hostText };
  return { world, user, script: command.length === 0 ? null : joined(command), words: [] };
}

/** `gcloud compute ssh user@vm --command="..."`, `vagrant ssh -c "..."`. */
function byCommandOption(name: string, words: readonly ParsedWord[]): Elsewhere | null {
  if (!words.some(({ text }) => text === 'ssh')) return null;
  const at = words.findIndex(({ text }) => /^(--command(=.*)?|-c)$/s.test(text));
  const option = words[at];
  if (option === undefined) return null;
  const equals = option.text.indexOf('=');
  const script = equals > 0 ? option.origin.slice(equals + 1, option.text.length) : (words[at + 1]?.origin ?? null);
  const target = words.find(({ text }) => text.includes('@') && !text.startsWith('-'));
  const named = target?.text.slice(0, target.text.indexOf('@'));
  const user: User = named === undefined ? { kind: 'unset' } : { kind: 'known', name: named, said: 'ssh' };
  return {
    world: name === 'vagrant' ? { kind: 'container' } : { kind: 'remote', host: name },
    user,
    script,
    words: [],
  };
}

/** Words joined with blanks, as ssh(1) and eval pass them to a shell. */
export function joined(words: readonly ParsedWord[]): Fragment {
  const builder = new FragmentBuilder();
  for (const [index, word] of words.entries()) {
    if (index > 0) builder.add(' ', word.origin.at(0), true);
    builder.addFragment(word.origin);
  }
  return builder.build();
}
