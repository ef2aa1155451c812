// Goal: what the form prints is read back exactly, and what is not exactly of a field's notation is not read at all.
import { randomFrom, shuffledIndices } from "@plumbline/example-local-models/seeded-random.ts";
import { expect, test } from "vitest";
import { FIELD_NAMES, type FieldName } from "../src/application-form.ts";
import { readValue, writeValue } from "../src/form-layout.ts";
import { loadPastApplications } from "../src/past-applications.ts";
import { fieldsOf } from "../src/read-fields.ts";

const SEED = 17;

test("every field of 300 applications survives writing and reading", () => {
  for (const application of loadPastApplications()) {
    for (const field of FIELD_NAMES) {
      expect(readValue(field, writeValue(field, application[field]))).toBe(application[field]);
    }
  }
});

test.each([
  ["amount", "EUR 1234.50", "no thousands separator: it may have been a decimal point"],
  ["amount", "EUR 1,234", "no cents"],
  ["amount", "EUR 1.234,50", "the other notation"],
  ["amount", "EUR 1,2O4.50", "a letter O"],
  ["amount", "1,234.50", "no currency"],
  ["income", "EUR -1,000.00", "a sign"],
  ["employmentYears", "45 years", "a decimal point lost"],
  ["interestPercent", "650 %", "a decimal point lost"],
  ["durationMonths", "24", "no unit"],
  ["dateOfBirth", "1984-02-31", "no such day"],
  ["dateOfBirth", "17.05.1984", "another notation"],
  ["idNumber", "1234567-90", "a digit short"],
  ["applicant", "4nna Berger", "a digit in a name"],
  ["housing", "owned", "no choice of the form"],
  ["savings", "100 to 1000", "no choice of the form"],
  ["existingCredits", "l", "a letter for a digit"],
] as const satisfies [FieldName, string, string][])("%s is not read from %j: %s", (field, raw) => {
  expect(readValue(field, raw)).toBeUndefined();
});

test(`lines are found in any order, with noise between them (seed ${SEED})`, () => {
  const application = loadPastApplications()[0];
  if (application === undefined) throw new Error("no past applications");
  const lines = [
    "Amount requested:          EUR 3,850.00",
    "Durat1on:  18 months",
    "Purpose of the loan .......... used car",
    "~~ ;",
  ];
  const order = shuffledIndices(lines.length, randomFrom(SEED));
  const { fields, missing } = fieldsOf(order.map((at) => lines[at] as string));
  expect(fields).toEqual({ amount: 3850, durationMonths: 18, purpose: "used car" });
  expect(missing).toHaveLength(FIELD_NAMES.length - 3);
});

test("a field that is said twice in different ways is absent, said twice alike is present", () => {
  const twice = fieldsOf(["Duration: 18 months", "Duration: 24 months", "Housing: own", "Housing: own"]);
  expect(twice.fields).toEqual({ housing: "own" });
  expect(twice.missing).toContain("durationMonths");
  expect(twice.remarks).toEqual(["durationMonths is said twice in different ways"]);
});
