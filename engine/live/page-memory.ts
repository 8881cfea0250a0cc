/**
 * What the page shows of its lines: counts, kept parts, what people said. It may outlive a server, since a deploy restarts that without the line
 * having changed. Where nodes claim their lines, a line without a claim leaves the page.
 */
import type { PartWord } from '../../schemas/learning.ts'
import { KeptExplanations } from './kept-explanations.ts'
import type { LineBoard } from './line-board.ts'
import { LineClaims, type ShownLines } from './line-claims.ts'
import { PartGallery, type GalleryBounds } from './part-gallery.ts'

const BOUNDS: GalleryBounds = { entriesPerLine: 60, bytes: 64 << 20 }

/** What a server does about a change of claims. */
export interface ClaimListener {
  /** The line has left the page, and the memory. */
  dropped: (line: string) => void
  /** Lines that it does not show yet may be claimed. */
  settled: () => void
}

export class PageMemory {
  readonly boards = new Map<string, LineBoard>()
  /** By line, then by event id. */
  readonly words = new Map<string, Map<string, PartWord>>()
  readonly explanations = new KeptExplanations()
  readonly gallery: PartGallery
  readonly #claims: LineClaims | undefined
  readonly #listeners = new Set<ClaimListener>()

  /** Default bounds: 60 parts of each verdict per line, 64 MiB in all. `areLinesClaimed` false: every line stays, and comes back from the history. */
  constructor ({ bounds = BOUNDS, areLinesClaimed = false }: { bounds?: GalleryBounds, areLinesClaimed?: boolean } = {}) {
    this.gallery = new PartGallery(bounds)
    this.#claims = areLinesClaimed ? new LineClaims() : undefined
  }

  /** As `LineClaims.claim`. */
  claim (claimant: string, line: string): void {
    this.#claims?.claim(claimant, line)
  }

  /** As `LineClaims.settle`; lines that nobody claims now are dropped. */
  settle (claimants: ReadonlyMap<string, ShownLines>): void {
    this.#claims?.settle(claimants)
    for (const line of [...this.boards.keys()]) if (!this.isClaimed(line)) this.drop(line)
    for (const { settled } of this.#listeners) settled()
  }

  isClaimed (line: string): boolean {
    return this.#claims?.has(line) ?? true
  }

  /** Forgets the line; what is on disk stays there. */
  drop (line: string): void {
    if (!this.boards.delete(line)) return
    this.gallery.forget(line)
    this.words.delete(line)
    this.explanations.forget(line)
    for (const { dropped } of this.#listeners) dropped(line)
  }

  /** @returns ends the listening */
  listen (listener: ClaimListener): () => void {
    this.#listeners.add(listener)
    return () => { this.#listeners.delete(listener) }
  }
}
