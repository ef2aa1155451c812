// Goal: each cross-field check passes what is right and says in words what is wrong.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ageAt,
  brokenChecks,
  datesPlausible,
  figuresConsistent,
  idChecksum,
  idNumberOf,
  instalmentFitsIncome,
  LoanFields,
  monthlyInstalment,
} from "../src/application-form.ts";
import { loadSamples } from "../src/samples.ts";

const body = fc.integer({ min: 0, max: 99_999_999 });

test("an ID number made with its check digits passes, and any one wrong digit is caught", () => {
  fc.assert(
    fc.property(body, fc.nat({ max: 9 }), fc.integer({ min: 1, max: 9 }), (number, place, step) => {
      const idNumber = idNumberOf(number);
      expect(LoanFields.shape.idNumber.safeParse(idNumber).success).toBe(true);
      expect(idChecksum({ idNumber })).toBe(true);
      const at = place < 8 ? place : place + 1;
      const wrong = (Number(idNumber[at]) + step) % 10;
      expect(idChecksum({ idNumber: `${idNumber.slice(0, at)}${wrong}${idNumber.slice(at + 1)}` })).toContain(
        "check digits",
      );
    }),
  );
});

test("two neighbouring digits swapped are caught", () => {
  fc.assert(
    fc.property(body, fc.nat({ max: 6 }), (number, at) => {
      const idNumber = idNumberOf(number);
      const [first, second] = [idNumber[at] as string, idNumber[at + 1] as string];
      fc.pre(first !== second);
      const swapped = idNumber.slice(0, at) + second + first + idNumber.slice(at + 2);
      expect(idChecksum({ idNumber: swapped })).not.toBe(true);
    }),
  );
});

test("an instalment must be below the income", () => {
  expect(instalmentFitsIncome({ instalment: 300, income: 2000 })).toBe(true);
  expect(instalmentFitsIncome({ instalment: 2000, income: 2000 })).toBe(
    "an instalment of 2000 does not fit an income of 2000",
  );
});

test("birth before application, of age, and not older than people get", () => {
  const at = (dateOfBirth: string) => datesPlausible({ dateOfBirth, applicationDate: "2026-03-02" });
  expect(at("2008-03-02")).toBe(true);
  expect(at("2008-03-03")).toContain("aged 17");
  expect(at("1925-03-03")).toBe(true);
  expect(at("1925-03-02")).toContain("aged 101");
  expect(at("2026-03-02")).toContain("after the application");
  expect(ageAt("2000-02-29", "2026-02-28")).toBe(25);
});

test("amount, duration, interest and instalment must be one loan", () => {
  const loan = { amount: 10_000, durationMonths: 24, interestPercent: 6 };
  expect(monthlyInstalment(loan)).toBe(443.21);
  expect(monthlyInstalment({ ...loan, interestPercent: 0 })).toBe(416.67);
  expect(figuresConsistent({ ...loan, instalment: 443.21 })).toBe(true);
  expect(figuresConsistent({ ...loan, instalment: 447 })).toBe(true);
  expect(figuresConsistent({ ...loan, instalment: 344.21 })).toBe(
    "10000 over 24 months at 6 % is 443.21 a month, not 344.21",
  );
});

test("the samples that are not made inconsistent break no check, the others break theirs", () => {
  for (const { file, kind, fields } of loadSamples()) {
    expect(brokenChecks(fields).length > 0, file).toBe(kind === "inconsistent");
  }
});
