/** Who shows which lines on the page: a line that several show leaves it with the last of them. */

/** What one claimant shows after a deploy. */
export interface ShownLines {
  /** Known from its settings and from those of what feeds it. */
  named: ReadonlySet<string>
  /** Messages may name others, which it then goes on showing. */
  isOpen: boolean
}

interface Claims { named: ReadonlySet<string>, taken: Set<string> }

export class LineClaims {
  readonly #claims = new Map<string, Claims>()

  /** A message has named the line, or settings that are not settled yet. */
  claim (claimant: string, line: string): void {
    const known = this.#claims.get(claimant)
    if (known === undefined) this.#claims.set(claimant, { named: new Set(), taken: new Set([line]) })
    else if (!known.named.has(line)) known.taken.add(line)
  }

  /** From now on these claim lines and no others; a line that was named and is so no longer is given up. */
  settle (claimants: ReadonlyMap<string, ShownLines>): void {
    for (const claimant of [...this.#claims.keys()]) if (!claimants.has(claimant)) this.#claims.delete(claimant)
    for (const [claimant, { named, isOpen }] of claimants) {
      const taken = isOpen ? [...this.#claims.get(claimant)?.taken ?? []].filter((line) => !named.has(line)) : []
      this.#claims.set(claimant, { named, taken: new Set(taken) })
    }
  }

  has (line: string): boolean {
    return [...this.#claims.values()].some(({ named, taken }) => named.has(line) || taken.has(line))
  }
}
