export function installDebianPackages(): void;
