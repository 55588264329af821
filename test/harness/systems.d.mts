export type System = 'bookworm' | 'trixie' | 'sid';
export const systems: readonly System[];
export function systemRoot(system: System): string;
export function makeSystems(wanted: readonly System[]): Promise<void>;
