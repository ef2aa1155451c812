/**
 * Who is making an answer that many miss at once: one makes it, the others wait, and when it fails another is elected.
 *
 * Boundary: names and who waits; answers are kept-answer.ts's. Invariant: whoever waits is called back once.
 */
/** Who is making an answer that is missed: others who miss it wait for that one's end. */
export class Makers {
  private readonly making = new Map<string, (() => void)[]>();

  /** True for the one who is to make it, who calls `over` at its end; others are called back then. */
  elect(name: string, otherwise: () => void): boolean {
    const waiting = this.making.get(name);
    if (waiting) waiting.push(otherwise);
    else this.making.set(name, []);
    return waiting === undefined;
  }

  over(name: string): void {
    const waiting = this.making.get(name) ?? [];
    this.making.delete(name);
    for (const again of waiting) again();
  }
}
