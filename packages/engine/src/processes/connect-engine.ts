/**
 * `connectEngine`: the engine of the process that owns a database file, and of no other.
 *
 * Boundary: what `openEngine({ onOwned: "client" })` does when somebody owns the file, without ever owning it.
 */
import type { Engine, Flow } from "@plumbline/core";
import { RemoteEngine } from "./remote-engine.ts";

/**
 * Connects to the owner of a database file. `flows` are needed for values with codecs only.
 * @throws PlumblineError `command-no-owner` when nobody owns it
 */
export function connectEngine(path: string, flows: readonly Flow<never>[] = []): Promise<Engine> {
  return RemoteEngine.connect(path, flows as readonly Flow[]);
}
