/**
 * The breakers of an engine: one machine per name, shared by all runs, its state in a register.
 *
 * Boundary: the core's machine (breaker.ts) decides; here it is found, asked and kept. Invariants: asking and keeping are
 * synchronous, so that a vote or a permit joins the commit of the run's entry that made it; what is kept is read when
 * the commit leaves, so that of two votes in one commit the later one stands; the state of a breaker survives restarts;
 * its last entries are kept with it, so that people can see why it is open.
 */
import {
  type Admission,
  admit,
  type BreakerEntry,
  type BreakerState,
  type BreakerVote,
  evolveBreaker,
  newBreaker,
  type PlanBreaker,
  type Register,
  type Store,
  vote,
} from "@plumbline/core";

/** What is kept in a breaker's register. */
interface KeptBreaker {
  readonly state: BreakerState;
  readonly recent: BreakerEntry[];
}

/** Takes a register that is to be committed; it is read when the commit leaves. */
export type KeepRegister = (register: () => Register) => void;

const keptEntries = 50;
const registerPrefix = "breaker/";

export class Breaker {
  private readonly kept: KeptBreaker;

  constructor(kept: KeptBreaker) {
    this.kept = kept;
  }

  /** Asks for admission. `keep` receives the register when the answer changed the breaker. */
  admit(
    request: { readonly id: string; readonly now: number; readonly lapseMs: number },
    keep: KeepRegister,
  ): Admission {
    const { entries, ...answer } = admit(this.kept.state, request);
    this.apply(entries, keep);
    return answer;
  }

  /** Counts an outcome. Gives whether it opened the breaker. */
  vote(policy: PlanBreaker, outcome: BreakerVote, keep: KeepRegister): boolean {
    const { entries, opened } = vote(this.kept.state, policy, outcome);
    this.apply(entries, keep);
    return opened;
  }

  private apply(entries: readonly BreakerEntry[], keep: KeepRegister): void {
    const last = entries.at(-1);
    if (!last) return;
    const { state, recent } = this.kept;
    for (const entry of entries) {
      evolveBreaker(state, entry);
      recent.push(entry);
    }
    recent.splice(0, recent.length - keptEntries);
    keep(() => ({ name: registerPrefix + state.name, value: JSON.stringify(this.kept), at: last.at }));
  }
}

export class Breakers {
  private readonly store: Store;
  private readonly known = new Map<string, Breaker>();

  constructor(store: Store) {
    this.store = store;
  }

  async find(name: string): Promise<Breaker> {
    const known = this.known.get(name);
    if (known) return known;
    const register = await this.store.register(registerPrefix + name);
    // Another ask may have found it while this one was reading.
    const found = this.known.get(name) ?? new Breaker(register ? readBreaker(register) : newlyKept(name));
    this.known.set(name, found);
    return found;
  }
}

function newlyKept(name: string): KeptBreaker {
  return { state: newBreaker(name), recent: [] };
}

function readBreaker(register: Register): KeptBreaker {
  return JSON.parse(register.value) as KeptBreaker;
}
