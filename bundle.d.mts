import type { BuildResult } from 'esbuild';

export const entryPoints: Record<string, string>;

export function bundle(
  entryPoints: Record<string, string>,
  outdir: string,
): Promise<BuildResult<{ metafile: true; write: false }>>;
