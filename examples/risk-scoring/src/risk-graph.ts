// The graph of who paid where and with what: cards, devices and shops are nodes, payments are edges; confirmed fraud
// spreads over it, so that a new card on a device next to yesterday's fraud is suspected before anybody complains.
// Boundary: payments up to a moment in, a risk per node out; graphology holds the graph, the spreading is our own.
// Invariants: nothing that the bank learned at or after `asOfMs` is used; a hub spreads little, because everybody knows it.
import { UndirectedGraph } from "graphology";
import type { LabelledTransaction } from "./transaction.ts";

const WINDOW_MS = 30 * 86_400_000;
const STEPS = 8;
/** How much of a node's risk is its neighbours'. */
const FROM_NEIGHBOURS = 0.3;
/** So many payments of the usual share are added to a node's own, so that one payment proves little. */
const OWN_PAYMENTS = 1;

interface Node {
  payments: number;
  confirmed: number;
  risk: number;
}

interface Edge {
  payments: number;
}

export class RiskGraph {
  readonly asOfMs: number;
  /** The share of confirmed fraud among all payments seen. */
  readonly usual: number;
  readonly #graph: UndirectedGraph<Node, Edge>;

  /** @param payments in the order of time; those at or after `asOfMs` are left out */
  constructor(payments: readonly LabelledTransaction[], asOfMs: number) {
    this.asOfMs = asOfMs;
    // Counted first and then made: a month of payments is tens of thousands, its nodes and edges are far fewer.
    const nodes = new Map<string, Node>();
    const edges = new Map<string, Map<string, Edge>>();
    let seen = 0;
    let frauds = 0;
    for (const payment of payments) {
      if (payment.atMs >= asOfMs) break;
      if (payment.atMs < asOfMs - WINDOW_MS) continue;
      const { card, device, merchant, fraud } = payment;
      const confirmed = fraud !== undefined && fraud.confirmedAtMs < asOfMs ? 1 : 0;
      seen++;
      frauds += confirmed;
      for (const name of [card, device, merchant]) count(nodes, name, confirmed);
      for (const other of [device, merchant]) link(edges, card, other);
    }
    this.usual = seen === 0 ? 0 : frauds / seen;
    this.#graph = new UndirectedGraph<Node, Edge>();
    for (const [name, node] of nodes) this.#graph.addNode(name, node);
    for (const [card, others] of edges) for (const [other, edge] of others) this.#graph.addEdge(card, other, edge);
    this.#spread();
  }

  /** The risk of a card, device or shop; undefined when it was not seen in the last 30 days. */
  riskOf(name: string): number | undefined {
    return this.#graph.hasNode(name) ? this.#graph.getNodeAttribute(name, "risk") : undefined;
  }

  /** Frauds confirmed on the node itself. */
  confirmedOn(name: string): number {
    return this.#graph.hasNode(name) ? this.#graph.getNodeAttribute(name, "confirmed") : 0;
  }

  neighboursOf(name: string): number {
    return this.#graph.hasNode(name) ? this.#graph.degree(name) : 0;
  }

  get size(): { readonly nodes: number; readonly edges: number } {
    return { nodes: this.#graph.order, edges: this.#graph.size };
  }

  #spread(): void {
    const names = this.#graph.nodes();
    const index = new Map(names.map((name, at) => [name, at]));
    const own = names.map((name) => {
      const { payments, confirmed } = this.#graph.getNodeAttributes(name);
      return (confirmed + OWN_PAYMENTS * this.usual) / (payments + OWN_PAYMENTS);
    });
    const links = names.map((name) =>
      this.#graph.mapEdges(name, (_, { payments }, source, target) => {
        const other = source === name ? target : source;
        const weight = Math.min(payments, 5) / this.#graph.degree(other);
        return { to: index.get(other) as number, weight };
      }),
    );
    let risks = own;
    for (let step = 0; step < STEPS; step++) {
      const before = risks;
      risks = own.map((risk, at) => (1 - FROM_NEIGHBOURS) * risk + FROM_NEIGHBOURS * meanOver(links[at] ?? [], before));
    }
    for (const [at, name] of names.entries()) this.#graph.setNodeAttribute(name, "risk", risks[at] as number);
  }
}

function count(nodes: Map<string, Node>, name: string, confirmed: number): void {
  const node = nodes.get(name) ?? { payments: 0, confirmed: 0, risk: 0 };
  node.payments++;
  node.confirmed += confirmed;
  nodes.set(name, node);
}

function link(edges: Map<string, Map<string, Edge>>, card: string, other: string): void {
  const others = edges.get(card) ?? new Map<string, Edge>();
  const edge = others.get(other) ?? { payments: 0 };
  edge.payments++;
  others.set(other, edge);
  edges.set(card, others);
}

function meanOver(
  links: readonly { readonly to: number; readonly weight: number }[],
  risks: readonly number[],
): number {
  let sum = 0;
  let weights = 0;
  for (const { to, weight } of links) {
    sum += weight * (risks[to] as number);
    weights += weight;
  }
  return weights === 0 ? 0 : sum / weights;
}
