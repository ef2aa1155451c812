// Goal: work on the books is done wholly or not at all, and a fault is met by whom and as often as it was switched on.
import { afterEach, beforeEach, expect, test } from "vitest";
import { BooksFile } from "../src/books-file.ts";

let file: BooksFile;
beforeEach(() => {
  file = new BooksFile(":memory:");
});
afterEach(() => file.close());

test("work that throws in the middle leaves nothing, and later work is done", () => {
  file.make("CREATE TABLE coats (hook INTEGER) STRICT");
  const hang = (hook: number) => file.run("INSERT INTO coats VALUES (?)", [hook]);
  const halfway = () => {
    hang(1);
    throw new Error("the hook broke");
  };
  expect(() => file.atomically(halfway)).toThrow("the hook broke");
  file.atomically(() => hang(2));
  expect(file.all("SELECT hook FROM coats")).toEqual([{ hook: 2 }]);
});

test("a fault for a number of times is used up; one of another kind is left for whom it is meant", () => {
  file.setFault("coat", "lost", 2);
  expect(file.takeFault("hat", ["lost"])).toBeUndefined();
  expect(file.takeFault("coat", ["burnt"])).toBeUndefined();
  expect([1, 2, 3].map(() => file.takeFault("coat", ["burnt", "lost"]))).toEqual(["lost", "lost", undefined]);
});

test("a fault of its own comes before that of all, which is met until it is switched off", () => {
  file.setFault("*", "lost");
  file.setFault("coat", "burnt", 1);
  expect([1, 2, 3].map(() => file.takeFault("coat", ["burnt", "lost"]))).toEqual(["burnt", "lost", "lost"]);
  file.setFault("*", null);
  expect(file.takeFault("coat", ["burnt", "lost"])).toBeUndefined();
});
