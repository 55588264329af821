// The texts of the .deb: deb-control(5), deb-changelog(5), and copyright in the form of DEP-5.

/** A pre-release comes before its release, which Debian writes with a tilde: 1.0.0-rc.1 is 1.0.0~rc.1. */
export function debianVersion(version) {
  return `${version.replace('-', '~')}-1`;
}

export function control({ version, maintainer, description }, installedKilobytes) {
  return `Package: pm2-guard
Version: ${debianVersion(version)}
Architecture: all
Maintainer: ${maintainer}
Installed-Size: ${installedKilobytes}
Depends: nodejs (>= 18)
Recommends: sudo
Suggests: npm
Section: admin
Priority: optional
Description: ${description.replace(/^E/, 'e')}
 PM2 runs one daemon for each user and PM2_HOME. An app that was started under
 one of them is not found under another, while its site is up.
 .
 pm2-guard stands before pm2 in PATH, finds the daemon that each call belongs
 to in a root-owned config, and puts the call right or stops it. Then it
 becomes the real pm2 in the same process.
 .
 PM2 itself comes from npm. What runs is a copy in /usr/local/lib/pm2-guard,
 which this package puts there and takes away again.
`;
}

export function debianChangelog({ version, maintainer, date }) {
  const day = date.toUTCString().replace(/GMT$/, '+0000');
  return `pm2-guard (${debianVersion(version)}) unstable; urgency=medium

  * What is new is in changelog.gz beside this file.

 -- ${maintainer}  ${day}
`;
}

/** https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/ */
export function copyright({ packages }, ours) {
  const holders = packages.flatMap(holdersOf);
  const isc = packages.find(({ license }) => license === 'ISC').text;
  const unknown = packages.filter(({ license }) => license !== 'MIT' && license !== 'ISC');
  if (unknown.length > 0) throw new Error(`no text of the licence of ${unknown.map(({ name }) => name).join(', ')}`);
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: pm2-guard
Comment: The .cjs files are bundles of pm2-guard's own code and of code of
${packages.map(({ name, version }) => ` ${name} ${version}`).join(',\n')}.

Files: *
Copyright: ${[...new Set([/^Copyright \(c\) (.*)$/m.exec(ours)[1], ...holders])].join('\n           ')}
License: Expat and ISC

License: Expat
${indented(ours.slice(ours.indexOf('Permission')))}

License: ISC
${indented(isc.slice(isc.indexOf('Permission')))}
`;
}

/** As its licence names them: the lines that say so, but for those of the licence that speak of such lines. */
function holdersOf({ name, text }) {
  const ofLicence = /copyright\s+(notice|holder)/i;
  const lines = text.split('\n').filter((line) => /copyright/i.test(line) && !ofLicence.test(line));
  if (lines.length === 0) throw new Error(`the licence of ${name} names no copyright holder`);
  return lines.map((line) => `${line.replace(/^.*copyright(?: \(c\)| ©)?:? */i, '').trim()} (${name})`);
}

function indented(text) {
  return text.trim().split('\n').map((line) => (line.trim() === '' ? ' .' : ` ${line.trim()}`)).join('\n');
}
