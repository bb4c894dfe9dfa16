/** The numbers at the beginning of a version: `v1.34.3+k3s1` → 1, 34, 3. */
function numbersOf(version: string): number[] {
  const [, found = ''] = /^[^0-9]*([0-9]+(?:\.[0-9]+)*)/.exec(version) ?? [];
  return found.split('.').map(Number);
}

/** The second number of a version, which for Kubernetes is what counts. */
export const minorOf = (version: string): number => numbersOf(version)[1] ?? 0;

/** Whether a version is that one or newer. */
export function isAtLeast(version: string, oldest: string): boolean {
  const [have, want] = [numbersOf(version), numbersOf(oldest)];
  const differs = want.findIndex((number, i) => (have[i] ?? 0) !== number);
  return differs === -1 || (have[differs] ?? 0) > (want[differs] ?? 0);
}
