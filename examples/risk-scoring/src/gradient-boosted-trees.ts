// Gradient-boosted decision trees for two classes: each tree mends what those before it got wrong (Newton steps on the
// logistic loss, histogram splits, as XGBoost and LightGBM do; the one npm package that boosts is of 2018).
// Boundary: rows of numbers and labels in, a model of plain JSON out; nothing here knows payments.
// Invariants: same rows, same model; a leaf's step shrinks with little evidence (`evenness`), so that few rows move little;
// every node keeps its own step, so that a prediction can be told as a sum over the splits it passed.

/**
 * The nodes of one tree, column by column; the root is node 0. Rows with a value of `feature` below `below` go on at the
 * next node, others at node `high`. A leaf has feature -1.
 */
export interface Tree {
  readonly feature: readonly number[];
  readonly below: readonly number[];
  readonly high: readonly number[];
  readonly step: readonly number[];
}

export interface BoostedTrees {
  /** Log-odds before any tree. */
  readonly start: number;
  readonly trees: readonly Tree[];
}

export interface BoostingOptions {
  readonly trees?: number;
  readonly depth?: number;
  readonly learningRate?: number;
  /** How many rows of certainty a leaf must outweigh (L2 on its step). */
  readonly evenness?: number;
  /** The least evidence (sum of p(1-p)) that a leaf may stand on. */
  readonly leafEvidence?: number;
}

const BINS = 64;

export function trainTrees(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  options: BoostingOptions = {},
): BoostedTrees {
  const positives = labels.filter((label) => label === 1).length;
  if (rows.length !== labels.length || positives === 0 || positives === labels.length) {
    throw new RangeError(
      `trees need rows of both labels (${rows.length} rows, ${positives} of ${labels.length} are 1)`,
    );
  }
  const { trees: count = 120, learningRate = 0.1 } = options;
  const start = Math.log(positives / (labels.length - positives));
  const columns = binned(rows);
  const odds = new Float64Array(rows.length).fill(start);
  const trees: Tree[] = [];
  for (let made = 0; made < count; made++) {
    const slopes = Float64Array.from(odds, (value, row) => sigmoid(value) - (labels[row] as number));
    const evidence = Float64Array.from(odds, (value) => sigmoid(value) * (1 - sigmoid(value)));
    const tree = new TreeGrower(columns, slopes, evidence, { ...options, learningRate }).grow();
    for (let row = 0; row < rows.length; row++) {
      odds[row] = (odds[row] as number) + stepFor(tree, rows[row] as readonly number[]);
    }
    trees.push(tree);
  }
  return { start, trees };
}

/** The probability of label 1, and how much each feature moved its log-odds. */
export function predictTrees(
  model: BoostedTrees,
  row: readonly number[],
): { probability: number; moved: Float64Array } {
  const moved = new Float64Array(row.length);
  let odds = model.start;
  for (const tree of model.trees) odds += stepFor(tree, row, moved);
  return { probability: sigmoid(odds), moved };
}

/** The step of the leaf that a row falls into; `moved` gathers what each split on the way contributed. */
function stepFor({ feature, below, high, step }: Tree, row: readonly number[], moved?: Float64Array): number {
  let node = 0;
  for (let at = feature[0] as number; at >= 0; at = feature[node] as number) {
    const next = (row[at] as number) < (below[node] as number) ? node + 1 : (high[node] as number);
    if (moved !== undefined) moved[at] = (moved[at] as number) + (step[next] as number) - (step[node] as number);
    node = next;
  }
  return step[node] as number;
}

interface Column {
  /** Bin of each row. */
  readonly bins: Uint8Array;
  /** `edges[b]` is the smallest value of bin b + 1. */
  readonly edges: readonly number[];
}

function binned(rows: readonly (readonly number[])[]): Column[] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, at) => {
    const values = Float64Array.from(rows, (row) => row[at] as number);
    const sorted = values.toSorted();
    const quantiles = Array.from(
      { length: BINS - 1 },
      (_, bin) => sorted[Math.floor(((bin + 1) * rows.length) / BINS)],
    );
    const edges = [...new Set(quantiles as number[])].filter((edge) => edge > (sorted[0] as number));
    return { edges, bins: Uint8Array.from(values, (value) => edges.filter((edge) => edge <= value).length) };
  });
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
}

type GrowingOptions = BoostingOptions & { readonly learningRate: number };

class TreeGrower {
  readonly #tree = { feature: [] as number[], below: [] as number[], high: [] as number[], step: [] as number[] };
  readonly #columns: readonly Column[];
  readonly #slopes: Float64Array;
  readonly #evidence: Float64Array;
  readonly #learningRate: number;
  readonly #depth: number;
  readonly #evenness: number;
  readonly #leafEvidence: number;

  constructor(columns: readonly Column[], slopes: Float64Array, evidence: Float64Array, options: GrowingOptions) {
    this.#columns = columns;
    this.#slopes = slopes;
    this.#evidence = evidence;
    this.#learningRate = options.learningRate;
    this.#depth = options.depth ?? 4;
    this.#evenness = options.evenness ?? 1;
    this.#leafEvidence = options.leafEvidence ?? 1;
  }

  grow(): Tree {
    this.#add(Uint32Array.from(this.#slopes.keys()), 0);
    return this.#tree;
  }

  /** Adds the node of these rows and all below it; gives its index. */
  #add(members: Uint32Array, depth: number): number {
    const slope = members.reduce((sum, row) => sum + (this.#slopes[row] as number), 0);
    const evidence = members.reduce((sum, row) => sum + (this.#evidence[row] as number), 0);
    const step = (-this.#learningRate * slope) / (evidence + this.#evenness);
    const index = this.#tree.step.push(step) - 1;
    this.#tree.feature.push(-1);
    this.#tree.below.push(0);
    this.#tree.high.push(0);
    const split = depth < this.#depth ? this.#bestSplit(members, slope, evidence) : undefined;
    if (split === undefined) return index;
    const { bins, edges } = this.#columns[split.feature] as Column;
    this.#tree.feature[index] = split.feature;
    this.#tree.below[index] = edges[split.bin] as number;
    this.#add(
      members.filter((row) => (bins[row] as number) <= split.bin),
      depth + 1,
    );
    this.#tree.high[index] = this.#add(
      members.filter((row) => (bins[row] as number) > split.bin),
      depth + 1,
    );
    return index;
  }

  #bestSplit(members: Uint32Array, slope: number, evidence: number): Split | undefined {
    let best: Split | undefined;
    for (const [feature, { bins, edges }] of this.#columns.entries()) {
      const slopes = new Float64Array(edges.length + 1);
      const weights = new Float64Array(edges.length + 1);
      for (const row of members) {
        const bin = bins[row] as number;
        slopes[bin] = (slopes[bin] as number) + (this.#slopes[row] as number);
        weights[bin] = (weights[bin] as number) + (this.#evidence[row] as number);
      }
      let lowSlope = 0;
      let lowWeight = 0;
      for (let bin = 0; bin < edges.length; bin++) {
        lowSlope += slopes[bin] as number;
        lowWeight += weights[bin] as number;
        if (lowWeight < this.#leafEvidence || evidence - lowWeight < this.#leafEvidence) continue;
        const gain = this.#worth(lowSlope, lowWeight) + this.#worth(slope - lowSlope, evidence - lowWeight);
        if (gain > (best?.gain ?? this.#worth(slope, evidence) + 1e-6)) best = { gain, feature, bin };
      }
    }
    return best;
  }

  /** How much the loss falls when rows of this slope and evidence take their best step. */
  #worth(slope: number, evidence: number): number {
    return slope ** 2 / (evidence + this.#evenness);
  }
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
