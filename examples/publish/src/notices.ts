// Notices of a town: examples to tell their kind by, others to measure that on, and those of the demonstration.
// Boundary: data only. All of them were written for this example; town, streets and people do not exist.

export const kinds = ["warning", "roadworks", "event", "service"] as const;
export type KindName = (typeof kinds)[number];

export const examples: Readonly<Record<KindName, readonly string[]>> = {
  warning: [
    "Boil your tap water until further notice, because bacteria were found in it.",
    "Heavy storms are expected tonight: stay indoors and keep away from trees.",
    "The river will flood the low streets, so move your car to higher ground.",
    "Smoke from a fire is harmful: keep windows and doors shut.",
    "Ice has made all pavements dangerous this morning.",
    "Do not eat the recalled cheese, it may make you ill.",
  ],
  roadworks: [
    "Mill Street is closed to traffic while the water main is replaced.",
    "The bridge has only one lane until its deck is repaired.",
    "Drivers must expect delays because the crossing is being rebuilt.",
    "A new surface is laid on Station Road at night.",
    "A diversion is signposted while the tram rails are renewed.",
    "No parking in Park Lane during the building of the cycle path.",
  ],
  event: [
    "The summer concert takes place in the park on Saturday evening.",
    "Everybody is invited to the opening of the new museum.",
    "The Christmas market begins on the first of December.",
    "Come and run: the town marathon starts at nine o'clock.",
    "Children can meet the fire brigade at an open day.",
    "The theatre group shows its new play on Friday.",
  ],
  service: [
    "The town hall is open until seven on Thursdays from now on.",
    "Rubbish is collected a day later because of the holiday.",
    "Passports can now be applied for online.",
    "The swimming pool raises its prices in January.",
    "Bus number 4 runs every ten minutes from Monday on.",
    "The tax office has moved to the second floor.",
  ],
};

export const heldOut: readonly (readonly [text: string, kind: KindName])[] = [
  ["Gale-force winds are forecast and roof tiles may fall. Stay at home if you can.", "warning"],
  ["The lake is closed to bathers: blue-green algae can poison people and dogs.", "warning"],
  ["A gas leak was reported in Kiln Row. Leave the houses and do not use switches.", "warning"],
  ["Temperatures above 38 degrees are expected. Drink enough and look after older neighbours.", "warning"],
  ["Fraudsters pretend to be from the water company. Do not let them in.", "warning"],
  ["The roundabout at the hospital is dug up for new cables and can only be passed in one direction.", "roadworks"],
  ["From Monday the tunnel is shut at night for renovation; use the ring road.", "roadworks"],
  ["Pipes are laid under Church Street, and residents reach their garages on foot only.", "roadworks"],
  ["Traffic lights replace the level crossing during construction.", "roadworks"],
  ["Potholes on the northern bypass are filled this week; expect short stops.", "roadworks"],
  ["The brass band plays in front of the church on Sunday, and admission is free.", "event"],
  ["An exhibition of local painters opens next week with a glass of wine.", "event"],
  ["The flea market returns to the square with more than a hundred stalls.", "event"],
  ["Join the guided walk through the old town on Saturday at three.", "event"],
  ["Fireworks end the harvest festival at ten in the evening.", "event"],
  ["The registry office takes appointments by telephone again.", "service"],
  ["Garden waste is fetched every two weeks in summer.", "service"],
  ["Dog licences cost twelve euros more from next year.", "service"],
  ["The citizens' advice bureau opens on Saturdays as a trial.", "service"],
  ["Parking permits for residents can be renewed by post.", "service"],
];

export interface NoticeSample {
  readonly id: string;
  readonly text: string;
  /** What the editor of the script takes; absent: nobody answers. */
  readonly editor?: "lead" | "core" | "nothing" | { readonly text: string };
  /** How many answers of the board get lost after it has posted the notice. */
  readonly lostAnswers?: number;
}

export const samples: readonly NoticeSample[] = [
  {
    id: "concert",
    text: "It has been a long winter. The summer concert of the town orchestra takes place in Castle Park on Saturday, 20 June, at seven in the evening. Admission is free, and the concert moves to the gymnasium when it rains. The mayor thanks all sponsors.",
    editor: "core",
  },
  {
    id: "water",
    text: "Boil your tap water before you drink it, until further notice. Bacteria were found in the reservoir at Hill Farm on Tuesday. The waterworks add chlorine and take new samples every day. Showering is safe.",
    editor: "lead",
  },
  {
    id: "storm",
    text: "A storm with gusts of 110 kilometres an hour is expected from nine this evening. Stay indoors and keep away from trees and scaffolding. The parks are closed. Buses stop at ten.",
  },
  {
    id: "bridge",
    text: "The old bridge is closed to cars from Monday to Friday. Its joints are replaced. A diversion over the ring road is signposted. Cyclists can pass.",
  },
  {
    id: "pool",
    text: "The swimming pool opens an hour earlier from the first of May. Swimmers had asked for it. Prices stay as they are.",
    editor: { text: "The swimming pool opens at seven from the first of May." },
    lostAnswers: 1,
  },
  {
    id: "market",
    text: "The flea market is on the square again this Sunday. There are a hundred and twenty stalls. Setting up begins at six in the morning.",
    editor: "core",
    lostAnswers: 2,
  },
  {
    id: "rumour",
    text: "A new theatre may open its doors next spring. The town has not decided. Talks with the owner of the mill go on.",
    editor: "nothing",
  },
];
