import type { VerifyFinding, WayState } from './finding.ts';
import { CANNOT_TELL } from './verify.ts';

export interface Conclusion {
  result: 'covered' | 'gaps' | 'cannot tell';
  exitStatus: number;
  text: string;
}

/** @param strict notes count as gaps, for sealed hosts */
export function conclusionOf(findings: readonly VerifyFinding[], strict: boolean): Conclusion {
  const count = (...states: WayState[]): number => findings.filter(({ state }) => states.includes(state)).length;
  const [covered, notes, unknown] = [count('covered'), count('note'), count('unknown')];
  const gaps = count('gap') + (strict ? notes : 0);
  const others = [
    ...(notes > 0 && !strict ? [`${several(notes, 'note')}, on what no PATH can cover or what is not in use`] : []),
    ...(unknown > 0 ? [`${several(unknown, 'way')} could not be told`] : []),
  ];
  const conclude = (result: Conclusion['result'], exitStatus: number, text: string): Conclusion => ({
    result,
    exitStatus,
    text: [text, ...others].join('; '),
  });
  if (gaps > 0)
    return conclude(
      'gaps',
      1,
      `${several(gaps, 'gap')}: of ${several(findings.length, 'way')}, ${covered} ` +
        `${covered === 1 ? 'leads' : 'lead'} to the guard`,
    );
  if (unknown > 0 || covered === 0)
    return conclude(
      'cannot tell',
      CANNOT_TELL,
      `cannot tell: of ${several(findings.length, 'way')}, ${covered} ${covered === 1 ? 'leads' : 'lead'} to the guard`,
    );
  return conclude(
    'covered',
    0,
    `covered: ${covered === 1 ? 'the one way leads' : `all ${covered} ways lead`} to the guard`,
  );
}

function several(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
