/**
 * One memory for the members of a committee: each replays a hand of its own, and together the hands are the memory, so that what the policy
 * keeps by it, for example everybody's SNNL, is kept by the committee as a whole.
 */
import { seededRandom, type Random } from '../../random.ts'
import type { ReplayBuffer } from '../buffers/replay-buffer.ts'
import type { Exemplar, ReplayItem } from '../buffers/replay-policy.ts'
import { randomSample } from '../samples.ts'
import type { ReplayMemory } from './replay-learner.ts'

export class DealtMemory {
  readonly hands: readonly ReplayMemory[]
  readonly #memory: ReplayBuffer
  #taken: readonly ReplayItem[] | null = null

  /** @param hands At least 1. */
  constructor (memory: ReplayBuffer, hands: number, seed: number) {
    this.#memory = memory
    this.hands = Array.from({ length: hands }, (_, hand) => new Hand((lot) => this.#dealt(lot, hand), seededRandom(seed + hand)))
  }

  /** A lot that every hand brings is taken in once. */
  #dealt (lot: readonly ReplayItem[], hand: number): Exemplar[] {
    if (this.#taken !== lot) this.#memory.observe(lot)
    this.#taken = lot
    const turns = new Map<string, number>()
    return this.#memory.exemplars.filter(({ label }) => {
      const turn = turns.get(label) ?? 0
      turns.set(label, turn + 1)
      return turn % this.hands.length === hand
    })
  }
}

/** Every so-many-th choice of each class: of a greedy selection nearly as good as its beginning. */
class Hand implements ReplayMemory {
  readonly #deal: (lot: readonly ReplayItem[]) => Exemplar[]
  readonly #random: Random
  #exemplars: readonly Exemplar[] = []

  constructor (deal: (lot: readonly ReplayItem[]) => Exemplar[], random: Random) {
    this.#deal = deal
    this.#random = random
  }

  get exemplars (): readonly Exemplar[] {
    return this.#exemplars
  }

  observe (lot: readonly ReplayItem[]): void {
    this.#exemplars = this.#deal(lot)
  }

  retrieve ({ count }: { count: number }): Exemplar[] {
    return randomSample(this.#exemplars, count, this.#random)
  }
}
