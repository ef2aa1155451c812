/**
 * An empty database with Plumbline's tables, made by Plumbline.
 *
 * Boundary: one function, so that nothing here spells the tables a second time.
 */
import { SqliteStore } from "@plumbline/engine";

export async function sqliteTables(path: string): Promise<void> {
  const store = await SqliteStore.open({ path, durability: "full" });
  await store.close();
}
