const maxNotes = 100;

/** Everybody's notes, in memory, each person's apart. Of more than a hundred the oldest goes. */
export class Notes {
  readonly #byPerson = new Map<string, string[]>();

  /** How many the person has now. */
  add(person: string, note: string): number {
    const notes = [...this.of(person), note].slice(-maxNotes);
    this.#byPerson.set(person, notes);
    return notes.length;
  }

  of(person: string): readonly string[] {
    return this.#byPerson.get(person) ?? [];
  }
}
