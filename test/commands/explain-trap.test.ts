import { afterEach, describe, expect, it, vi } from 'vitest';
import { explainCommand } from '../../src/commands/explain.ts';

describe('pm2-guard explain T01', () => {
  afterEach(() => vi.restoreAllMocks());

  async function printed(...words: string[]): Promise<string> {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    await explainCommand().parseAsync(['node', 'explain', ...words]);
    return write.mock.calls.map(([text]) => String(text)).join('');
  }

  it('shows what people see, the cause, and what answers it', async () => {
    const text = await printed('t01');
    expect(text).toMatch(/^T01 {2}sudo pm2 start app, later pm2 restart app as the app user\n/);
    expect(text).toContain('What people see:  [PM2][ERROR] Process or Namespace app not found, the site is up\n');
    expect(text).toContain('pm2-guard lint finds it in scripts, units and crontabs.\n');
  });

  it('for scripts too', async () => {
    expect(JSON.parse(await printed('T47', '--json'))).toMatchObject({
      code: 'T47',
      answers: ['guard', 'doctor', 'lint'],
    });
  });

  it('names the traps there are where there is none of that number', async () => {
    await expect(printed('T99')).rejects.toThrow('there is no trap T99; they are T01, T02,');
  });
});
