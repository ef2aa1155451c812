/**
 * The suites there are, by name.
 *
 * Boundary: the list; what each measures is its own file.
 */
import type { Suite } from "./suite.ts";
import { beforeAfter } from "./suites/before-after.ts";
import { flood } from "./suites/flood.ts";
import { floor } from "./suites/floor.ts";
import { history } from "./suites/history.ts";
import { latency } from "./suites/latency.ts";
import { parked } from "./suites/parked.ts";
import { payload } from "./suites/payload.ts";
import { peers } from "./suites/peers.ts";
import { recovery } from "./suites/recovery.ts";
import { shapesSuite } from "./suites/shapes.ts";
import { stall } from "./suites/stall.ts";
import { throughput } from "./suites/throughput.ts";

export const suites: readonly Suite[] = [
  floor,
  throughput,
  latency,
  shapesSuite,
  stall,
  parked,
  recovery,
  payload,
  history,
  flood,
  beforeAfter,
  peers,
];
