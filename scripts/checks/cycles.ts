// No file may reach itself through imports, over type-only imports neither: what stands in a circle cannot be read alone.
// Prints one shortest circle through the first file of each knot (strongly connected set), not every circle there is.
import type { Resolve } from "./rooms.ts";
import type { SourceFile } from "./sources.ts";

type Graph = ReadonlyMap<string, readonly string[]>;

export function checkCycles(files: readonly SourceFile[], resolve: Resolve): string[] {
  const graph = graphOf(files, resolve);
  const reported = new Set<string>();
  return [...graph.keys()].flatMap((path) => {
    if (reported.has(path)) return [];
    const circle = shortestCircle(graph, path);
    if (!circle) return [];
    for (const member of circle) reported.add(member);
    return [`cycle: ${[...circle, path].join(" -> ")}. Move what both need into a file that knows neither.`];
  });
}

function graphOf(files: readonly SourceFile[], resolve: Resolve): Graph {
  return new Map(
    files.map((file) => [
      file.path,
      file.imports
        .filter(({ via }) => via === "import")
        .flatMap(({ specifier }) => {
          const target = resolve(file.path, specifier);
          return target.kind === "file" ? [target.path] : [];
        }),
    ]),
  );
}

function shortestCircle(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [start];
  for (const path of waiting) {
    for (const next of graph.get(path) ?? []) {
      if (next === start) return trail(cameFrom, path, start);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, path);
      waiting.push(next);
    }
  }
  return undefined;
}

function trail(cameFrom: ReadonlyMap<string, string>, end: string, start: string): string[] {
  const steps = [end];
  for (let path = end; path !== start; ) {
    path = cameFrom.get(path) ?? start;
    steps.unshift(path);
  }
  return steps;
}
