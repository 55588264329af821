/** Parser state. Source: parse_env_file_internal in systemd's src/basic/env-file.c. */
type State = 'line' | 'comment' | 'name' | 'before' | 'value' | 'single' | 'double';

/** systemd's NEWLINE and WHITESPACE. */
const NEWLINE = /[\n\r]/;
const WHITESPACE = /[ \t\n\r]/;

/** Since this version a backslash at the end of a comment does not hide the next line. */
const COMMENTS_END = 254;

/** Whether the variables depend on systemd's version. */
export function dependsOnVersion(text: string): boolean {
  return /(?:^|[\n\r])[ \t]*[#;][^\n\r]*\\(?:[\n\r]|$)/.test(text);
}

/**
 * systemd.exec(5). A quote counts only at the start of a value or after another quote. An open one takes the rest.
 *
 * @param version of systemd; null: unknown, read as a current one
 */
export function environmentFile(text: string, version: number | null): Record<string, string> {
  const hidesNextLine = version !== null && version < COMMENTS_END;
  const env: Record<string, string> = {};
  let state: State = 'line';
  let name = '';
  let value = '';
  let kept = 0; // length without blanks at the end
  const end = () => {
    const key = name.replace(/[ \t]+$/, '');
    if (/^[A-Za-z_]\w*$/.test(key)) env[key] = state === 'value' ? value.slice(0, kept) : value;
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
        else if (!WHITESPACE.test(one)) [state, name, value, kept] = ['name', one, '', 0];
        break;
      case 'comment':
        if (escaped !== null && (hidesNextLine || !NEWLINE.test(escaped))) at++;
        else if (NEWLINE.test(one)) state = 'line';
        break;
      case 'name':
        if (NEWLINE.test(one)) state = 'line';
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
        break; // blanks are skipped
      case 'value':
        if (NEWLINE.test(one)) end();
        else if (escaped === null) add(one);
        else {
          if (!NEWLINE.test(escaped)) value += escaped;
          kept = value.length;
          at++;
        }
    }
  }
  if (state !== 'line' && state !== 'comment' && state !== 'name') end();
  return env;
}
