/**
 * Who is making an answer that many miss at once: one makes it, the others wait, and when it fails another is elected.
 *
 * Boundary: names and who waits; answers are kept-answer.ts's. Invariants: whoever waits is called back once; nobody is elected
 * who looked for the answer before the one who made it had ended, and so could not see it.
 */

/** Somebody looks whether the answer is there. */
export interface Look {
  readonly name: string;
  isStale: boolean;
}

/** Who is making an answer that is missed: others who miss it wait for that one's end. */
export class Makers {
  private readonly making = new Map<string, (() => void)[]>();
  private readonly looks = new Map<string, Set<Look>>();

  /** Begins to look; `looked` ends it. */
  look(name: string): Look {
    const look = { name, isStale: false };
    const others = this.looks.get(name);
    if (others) others.add(look);
    else this.looks.set(name, new Set([look]));
    return look;
  }

  looked(look: Look): void {
    const looks = this.looks.get(look.name);
    looks?.delete(look);
    if (looks?.size === 0) this.looks.delete(look.name);
  }

  /** True for the one who is to make it, who calls `over` at its end; others are called back, then or at once. */
  elect(look: Look, otherwise: () => void): boolean {
    const waiting = this.making.get(look.name);
    if (waiting) waiting.push(otherwise);
    else if (look.isStale) otherwise();
    else this.making.set(look.name, []);
    return waiting === undefined && !look.isStale;
  }

  over(name: string): void {
    const waiting = this.making.get(name) ?? [];
    this.making.delete(name);
    for (const look of this.looks.get(name) ?? []) look.isStale = true;
    for (const again of waiting) again();
  }
}
