// What people say to a library, by what they want: examples to find an intent by, and others to measure it on.
// Boundary: data only. All sentences were written for this example, the held-out ones before anything was tried on them and
// without looking at the examples' scores; so the figure says that it works, and not how well it would at a real desk.

export const intents = ["greeting", "name", "hours", "renew", "card", "fees", "events", "other"] as const;
export type IntentName = (typeof intents)[number];

/** What `other` means is what nothing here is near to. */
export const examples: Readonly<Record<Exclude<IntentName, "other">, readonly string[]>> = {
  greeting: ["Hello", "Good morning", "Hi there", "Good evening to you", "Hey, is anybody here?"],
  name: ["My name is Carla", "I am called Peter", "You can call me Sam", "I'm Julia, by the way", "This is Mr Baker"],
  hours: [
    "When do you open?",
    "What are your opening hours?",
    "Are you open on Sunday?",
    "How late is the library open tonight?",
    "At what time do you close on Fridays?",
  ],
  renew: [
    "Can I renew my books?",
    "I would like to keep my book for another two weeks",
    "How do I extend a loan?",
    "My book is due tomorrow and I have not finished reading it",
    "Please prolong what I have borrowed",
    "Renew my loan",
    "Could I keep this longer?",
  ],
  card: [
    "How do I get a library card?",
    "I want to become a member",
    "What do I need to register?",
    "Can my son sign up for a card?",
    "I have lost my library card",
    "How can I join the library?",
    "I would like to apply for membership",
  ],
  fees: [
    "How much is the fine for a late book?",
    "What does it cost to return a book too late?",
    "Do I have to pay for membership?",
    "I lost a book, what must I pay?",
    "Is there a charge for reserving a book?",
    "What does membership cost?",
    "Is it free to use the library?",
  ],
  events: [
    "What events are there this week?",
    "Is there a reading for children?",
    "When is the next book club?",
    "Do you have workshops?",
    "Which authors are coming to speak?",
    "What is on for families?",
    "Are there any courses or workshops?",
    "Which events do you have for children?",
    "What is happening at the library?",
  ],
};

export const heldOut: readonly (readonly [sentence: string, intent: IntentName])[] = [
  ["Good afternoon", "greeting"],
  ["Hello, how are you?", "greeting"],
  ["Hi!", "greeting"],
  ["Greetings", "greeting"],
  ["My name is Ada", "name"],
  ["I'm Tom", "name"],
  ["Please call me Doctor Lee", "name"],
  ["People call me Max", "name"],
  ["When can I come in on Saturday?", "hours"],
  ["Is the library closed on public holidays?", "hours"],
  ["What time do you shut today?", "hours"],
  ["Are you open right now?", "hours"],
  ["May I have this novel a little longer?", "renew"],
  ["I need three more weeks with these books", "renew"],
  ["Extend my loan please", "renew"],
  ["Is it possible to renew online?", "renew"],
  ["I just moved here and want to join", "card"],
  ["What papers do I bring to sign up?", "card"],
  ["My card was stolen", "card"],
  ["Can I apply for a membership card online?", "card"],
  ["How much do I owe for an overdue book?", "fees"],
  ["Is borrowing free?", "fees"],
  ["What is the price of a damaged book?", "fees"],
  ["Do children pay fines?", "fees"],
  ["Is anything happening at the weekend?", "events"],
  ["My daughter loves story time, when is it?", "events"],
  ["Are there any talks by writers?", "events"],
  ["Tell me about your courses", "events"],
  ["What is the capital of France?", "other"],
  ["My car does not start", "other"],
  ["Which football team won last night?", "other"],
  ["Can you recommend a good pizza?", "other"],
];
