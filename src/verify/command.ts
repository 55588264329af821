/**
 * Whether a command line, or a word of one that a shell reads, calls pm2 by its name, which is looked for in a PATH:
 * not by a path. What the scripts do that it starts is not looked into.
 */
export function callsByName(command: string): boolean {
  return /(^|[\s;&|("'`])pm2(?=$|[\s;&|)"'`])/.test(command);
}
