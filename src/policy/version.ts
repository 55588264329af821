declare const __VERSION__: string | undefined;

/** The build puts the version in. */
export const VERSION = typeof __VERSION__ === 'undefined' ? '0.0.0-source' : __VERSION__;
