// Goal: regions are found and measured as one would measure them by hand.
import { expect, test } from "vitest";
import { measure } from "../src/features.ts";
import { regionsOf } from "../src/regions.ts";

const size = 64;

function discs(...drawn: readonly { column: number; row: number; radius: number; star?: number }[]) {
  const mask = new Uint8Array(size * size);
  for (let at = 0; at < mask.length; at++) {
    for (const { column, row, radius, star = 0 } of drawn) {
      const [dx, dy] = [(at % size) - column, Math.floor(at / size) - row];
      if (Math.hypot(dx, dy) <= radius * (1 + star * Math.cos(4 * Math.atan2(dy, dx)))) mask[at] = 1;
    }
  }
  return { mask, slice: { size, pixels: mask.map((one) => (one === 1 ? 204 : 102)) } };
}

test("a disc: its area, diameter, centre and brightness", () => {
  const { mask, slice } = discs({ column: 30, row: 20, radius: 8 });
  const { regions, region } = measure(slice, mask);
  expect(regions).toBe(1);
  expect(region?.area).toBeGreaterThan(Math.PI * 64 * 0.95);
  expect(region?.area).toBeLessThan(Math.PI * 64 * 1.05);
  expect(region?.diameter).toBeCloseTo(17, 0);
  expect(region?.centre.column).toBeCloseTo(30);
  expect(region?.centre.row).toBeCloseTo(20);
  expect(region?.mean).toBeCloseTo(0.8);
  expect(region?.contrast).toBeCloseTo(0.4);
  expect(region?.deviation).toBeCloseTo(0);
  expect(region?.irregularity).toBeLessThan(0.06);
});

test("a star is less regular than a disc", () => {
  const star = discs({ column: 32, row: 32, radius: 10, star: 0.3 });
  expect(measure(star.slice, star.mask).region?.irregularity).toBeGreaterThan(0.15);
});

test("the largest comes first, specks are no region, touching by a corner is no touch", () => {
  const { mask } = discs(
    { column: 12, row: 12, radius: 4 },
    { column: 45, row: 45, radius: 7 },
    { column: 50, row: 10, radius: 1 },
  );
  const found = regionsOf(mask, size);
  expect(found.map(({ pixels }) => pixels.length)).toEqual([149, 49]);

  const corners = new Uint8Array(size * size);
  for (let row = 0; row < 5; row++) {
    for (let column = 0; column < 5; column++) {
      corners[(10 + row) * size + 10 + column] = 1;
      corners[(15 + row) * size + 15 + column] = 1;
    }
  }
  expect(regionsOf(corners, size)).toHaveLength(2);
});

test("a region at the edge is measured too", () => {
  const { mask, slice } = discs({ column: 0, row: 0, radius: 9 });
  expect(measure(slice, mask).region?.area).toBeGreaterThan(50);
});

test("nothing marked: no region, and the slice is measured all the same", () => {
  const pixels = Uint8Array.from({ length: size * size }, (_, at) => (Math.floor(at / 6) % 2 === 0 ? 90 : 130));
  const { regions, region, slice } = measure({ size, pixels }, new Uint8Array(size * size));
  expect({ regions, region }).toEqual({ regions: 0, region: null });
  expect(slice.unrest).toBeGreaterThan(0);
});
