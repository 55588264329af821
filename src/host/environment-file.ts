/**
 * Where in the text: systemd reads it a character at a time (parse_env_file_internal in src/basic/env-file.c of
 * systemd).
 */
type State = 'line' | 'comment' | 'name' | 'before' | 'value' | 'single' | 'double';

/**
 * What an EnvironmentFile= sets (systemd.exec(5)): `NAME=value` a line, the value in quotes, in several, or in none.
 * Quotes count where a value begins, or another part of it after quotes; elsewhere they are text. A quote that is left
 * open takes all the rest.
 */
export function environmentFile(text: string): Record<string, string> {
  const env: Record<string, string> = {};
  let state: State = 'line';
  let name = '';
  let value = '';
  let kept = 0; // as much of it as stays when blanks at its end go
  const end = () => {
    if (/^[A-Za-z_]\w*$/.test(name.trimEnd())) env[name.trimEnd()] = state === 'value' ? value.slice(0, kept) : value;
    state = 'line';
  };
  const add = (character: string) => {
    value += character;
    if (!/[ \t]/.test(character)) kept = value.length;
  };
  for (let at = 0; at < text.length; at++) {
    const one = text[at] ?? '';
    const escaped = one === '\\' ? (text[at + 1] ?? '') : null;
    if (state === 'before' && !/['" \t]/.test(one)) [state, kept] = ['value', value.length];
    switch (state) {
      case 'line':
        if (/[#;]/.test(one)) state = 'comment';
        else if (!/\s/.test(one)) [state, name, value, kept] = ['name', one, '', 0];
        break;
      case 'comment':
        if (escaped !== null) at++;
        else if (one === '\n') state = 'line';
        break;
      case 'name':
        if (one === '\n') state = 'line';
        else if (one === '=') state = 'before';
        else name += one;
        break;
      case 'single':
        if (one === "'") state = 'before';
        else value += one;
        break;
      case 'double':
        if (one === '"') state = 'before';
        else if (escaped === null) value += one;
        else {
          if (escaped !== '\n') value += '"\\`$'.includes(escaped) ? escaped : one + escaped;
          at++;
        }
        break;
      case 'before':
        if (/['"]/.test(one)) state = one === '"' ? 'double' : 'single';
        break; // blanks are passed over
      case 'value':
        if (one === '\n') end();
        else if (escaped === null) add(one);
        else {
          if (escaped !== '\n') value += escaped;
          kept = value.length;
          at++;
        }
    }
  }
  if (state !== 'line' && state !== 'comment' && state !== 'name') end();
  return env;
}
