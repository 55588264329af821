/** Of release.mjs, for the tests. */
export const checkout: string;
export const version: string;
export const description: string;
export function releaseDate(directory?: string, epoch?: string): Date;
