/** The generated line as a feed. A part's id says its number and what is wrong with it: `000123-good`, `000124-scratch`. */
import type { FedPicture, Feed } from './feed.ts'
import type { GeneratedLinePlan } from './feed-plan.ts'
import { createGeneratedLine, type GeneratedFrame, type GeneratedLine } from './generated-line/renderer.ts'

export function openGeneratedFeed (plan: GeneratedLinePlan): Feed {
  return new GeneratedFeed(plan)
}

class GeneratedFeed implements Feed {
  readonly #plan: GeneratedLinePlan
  readonly #line: GeneratedLine
  #index = 0
  #left: number

  constructor (plan: GeneratedLinePlan) {
    const { seed, width, height, learn, defectShare } = plan
    this.#plan = plan
    this.#line = createGeneratedLine({ seed, width, height, goodFirst: learn, defectRate: defectShare })
    this.#left = plan.count ?? Infinity
  }

  get rate (): number | null {
    return this.#plan.rate
  }

  async next (): Promise<FedPicture | null> {
    if (this.#left-- <= 0) return null
    // Rendering takes the thread: bus messages and commands get their turn between two parts.
    await new Promise<void>((resolve) => { setImmediate(resolve) })
    const index = this.#index++
    const frame = this.#line.render(index)
    const { width, height } = this.#plan
    return { pixels: frame.pixels, width, height, channels: 3, partId: `${String(index).padStart(6, '0')}-${truth(frame, index)}` }
  }

  /** New parts, not the same again. */
  rewind (): void {
    this.#left = this.#plan.count ?? Infinity
  }
}

function truth (frame: GeneratedFrame, index: number): string {
  return frame.defects.find(({ part }) => part === index)?.kind ?? frame.defects[0]?.kind ?? 'good'
}
