// The arrows between rooms, kept by lint and not by prose: every import of every source file against the table in rooms.ts.
// Type-only imports count like any other, because a type that points the wrong way is a design that does.
// Tests see everything, except core's, which see core and testing: what is pure must be testable alone.
import type { Resolve, Target } from "./rooms.ts";
import { isTest, roomOf, rooms } from "./rooms.ts";
import type { Import, SourceFile } from "./sources.ts";
import { lineOf } from "./sources.ts";

export function checkArrows(files: readonly SourceFile[], resolve: Resolve): string[] {
  return [
    ...unknownRooms(files),
    ...files.flatMap((file) => wrongImports(file, resolve)),
    ...wrongStores(files, resolve),
  ];
}

function unknownRooms(files: readonly SourceFile[]): string[] {
  const unknown = new Set(files.map(({ path }) => roomOf(path)).filter((room) => !(room in rooms)));
  return [...unknown].map(
    (room) => `${room}: no such room. Name what it may see in scripts/checks/rooms.ts (design, section 3).`,
  );
}

function wrongImports(file: SourceFile, resolve: Resolve): string[] {
  if (!(roomOf(file.path) in rooms)) return [];
  return file.imports.flatMap((named) => {
    const problem = problemOf(file.path, named, resolve(file.path, named.specifier));
    return problem ? [`${file.path}:${lineOf(file.text, named.start)} "${named.specifier}": ${problem}`] : [];
  });
}

function problemOf(from: string, named: Import, target: Target): string | undefined {
  switch (target.kind) {
    case "missing":
      // An address beside the source may be of a file that the build makes, or a folder.
      return named.via === "url" ? undefined : target.why;
    case "built":
      return undefined;
    case "node":
      return nodeProblem(from);
    case "npm":
      return packageProblem(from, named, target.name);
    case "file":
      return roomProblem(from, target);
  }
}

function nodeProblem(from: string): string | undefined {
  const room = roomOf(from);
  if (isTest(from) || !rooms[room]?.inBrowser) return undefined;
  return `${room} runs in a browser too and may not use Node modules. Take what you need as an argument or a port.`;
}

function packageProblem(from: string, named: Import, name: string): string | undefined {
  const room = roomOf(from);
  const allowed = rooms[room]?.onlyTypesOf;
  if (isTest(from) || !allowed) return undefined;
  if (!allowed.includes(name)) return `${room} depends on no package but ${allowed.join(", ")} (types only).`;
  return named.typeOnly ? undefined : `${room} may take only types from ${name}: write \`import type\`.`;
}

function roomProblem(from: string, target: { path: string; byName: boolean }): string | undefined {
  const here = roomOf(from);
  const there = roomOf(target.path);
  if (isTest(target.path) && !isTest(from)) return "source may not import tests.";
  if (here === there) return undefined;
  if (!target.byName) return `reach another room by its package name, so that only what ${there} exports is used.`;
  const seen = isTest(from) ? testSees(here) : (rooms[here]?.sees ?? []);
  if (seen === "everything" || seen.includes(there)) return undefined;
  const sight = seen.length > 0 ? `only ${seen.join(", ")}` : "no other room";
  return `${here} may not import ${there}; it sees ${sight}. Move the code, or pass it in through a port of core.`;
}

function testSees(room: string): readonly string[] | "everything" {
  return room === "core" ? ["testing"] : "everything";
}

const stores = ["memory", "sqlite", "postgres"];

/** The store a file belongs to, by a word of its path: `sqlite-store.ts` and `sqlite/schema.ts` are both of `sqlite`. */
function storeOf(path: string): string | undefined {
  const inside = path.split("/src/")[1];
  if (!path.startsWith("packages/") || inside === undefined || isTest(path)) return undefined;
  const words = inside.split(/[/.-]/);
  return stores.find((store) => words.includes(store));
}

/** Stores never see each other, over a file between them neither. */
function wrongStores(files: readonly SourceFile[], resolve: Resolve): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return files.flatMap((file) => {
    const own = storeOf(file.path);
    if (!own) return [];
    const foreign = firstReached(file, byPath, resolve, (path) => (storeOf(path) ?? own) !== own);
    return foreign
      ? [`${file.path}: the ${own} store reaches ${foreign}. Stores never see each other; share below both.`]
      : [];
  });
}

function firstReached(
  start: SourceFile,
  byPath: ReadonlyMap<string, SourceFile>,
  resolve: Resolve,
  isSought: (path: string) => boolean,
): string | undefined {
  const seen = new Set([start.path]);
  const waiting = [start];
  for (let file = waiting.pop(); file; file = waiting.pop()) {
    for (const { specifier } of file.imports) {
      const target = resolve(file.path, specifier);
      if (target.kind !== "file" || seen.has(target.path)) continue;
      if (isSought(target.path)) return target.path;
      seen.add(target.path);
      const next = byPath.get(target.path);
      if (next) waiting.push(next);
    }
  }
  return undefined;
}
