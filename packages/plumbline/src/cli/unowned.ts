/**
 * Notices that nobody owns a database any more, while another process's engine is being watched.
 *
 * Boundary: asks whether there is an owner and says so once; what follows is the caller's. Invariant: an owner that
 * restarts within a second is not missed, because a look that found nobody is confirmed for that long.
 */
import { isOwned } from "./database.ts";
import type { Session } from "./session.ts";

const lookEveryMs = 500;
const confirmEveryMs = 200;
const unownedMs = 1_000;

/** Calls back once when nobody has owned the database for a second. Gives a function that ends the looking. */
export function onceUnowned(session: Session, unowned: () => void): () => void {
  let unownedSince: number | undefined;
  let isStopped = false;
  const look = async () => {
    const owned = await isOwned(session);
    if (isStopped) return;
    const now = performance.now();
    unownedSince = owned ? undefined : (unownedSince ?? now);
    if (unownedSince !== undefined && now - unownedSince >= unownedMs) unowned();
    else timer = setTimeout(look, owned ? lookEveryMs : confirmEveryMs);
  };
  let timer = setTimeout(look, lookEveryMs);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
