/** Whether the command line calls pm2 by name. Does not look into scripts. */
export function callsByName(command: string): boolean {
  return /(^|[\s;&|("'`])pm2(?=$|[\s;&|)"'`])/.test(command);
}
