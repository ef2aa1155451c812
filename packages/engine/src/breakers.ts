/**
 * The breakers of an engine: one machine per name, shared by all runs, its state in a register.
 *
 * Boundary: the core's machine (breaker.ts) decides; here it is found, asked and kept. Invariants: a vote or a permit is
 * committed in the same transaction as the run's entry that made it, so neither exists without the other; the state of a
 * breaker survives restarts; its last entries are kept with it, so that people can see why it is open.
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

const keptEntries = 50;
const registerPrefix = "breaker/";

export class Breakers {
  private readonly store: Store;
  private readonly known = new Map<string, KeptBreaker>();

  constructor(store: Store) {
    this.store = store;
  }

  /** Asks for admission. `keep` receives the register to commit when the answer changed the breaker. */
  async admit(
    policy: PlanBreaker,
    request: { readonly id: string; readonly now: number; readonly lapseMs: number },
    keep: (register: Register) => void,
  ): Promise<Admission> {
    const breaker = await this.find(policy.name);
    const { entries, ...answer } = admit(breaker.state, request);
    this.apply(breaker, entries, keep);
    return answer;
  }

  /** Counts an outcome. Gives whether it opened the breaker. */
  async vote(policy: PlanBreaker, outcome: BreakerVote, keep: (register: Register) => void): Promise<boolean> {
    const breaker = await this.find(policy.name);
    const { entries, opened } = vote(breaker.state, policy, outcome);
    this.apply(breaker, entries, keep);
    return opened;
  }

  private async find(name: string): Promise<KeptBreaker> {
    const known = this.known.get(name);
    if (known) return known;
    const register = await this.store.register(registerPrefix + name);
    // Another ask may have found it while this one was reading.
    const found = this.known.get(name) ?? (register ? readBreaker(register) : { state: newBreaker(name), recent: [] });
    this.known.set(name, found);
    return found;
  }

  private apply(breaker: KeptBreaker, entries: readonly BreakerEntry[], keep: (register: Register) => void): void {
    if (entries.length === 0) return;
    for (const entry of entries) {
      evolveBreaker(breaker.state, entry);
      breaker.recent.push(entry);
    }
    breaker.recent.splice(0, breaker.recent.length - keptEntries);
    const at = (entries.at(-1) as BreakerEntry).at;
    keep({ name: registerPrefix + breaker.state.name, value: JSON.stringify(breaker), at });
  }
}

function readBreaker(register: Register): KeptBreaker {
  return JSON.parse(register.value) as KeptBreaker;
}
