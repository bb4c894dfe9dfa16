/** Full paths, each after its parents: `a/b` is `/a` and `/a/b`. */
export function groupPaths(groups: readonly string[]): string[] {
  const paths = groups.flatMap((group) => {
    const names = group.split('/');
    return names.map((_, i) => `/${names.slice(0, i + 1).join('/')}`);
  });
  return [...new Set(paths)];
}
