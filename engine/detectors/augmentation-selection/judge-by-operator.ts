/** How well a model separates drawn defects, operator by operator. */
import { auroc } from '../../auroc.ts'
import { fillNames } from '../defect-fills.ts'
import type { FillName } from '../defect-fills.ts'
import type { GoodImage } from '../detector.ts'
import type { FitWork } from '../fit-work.ts'
import { Scorer } from '../scorer.ts'
import { drawDefect } from '../synthetic-defects.ts'

export interface JudgedByOperator {
  /** AUROC over the operators that training does not use. */
  proxy: number
  /** AUROC of each. */
  byOperator: { [operator: string]: number }
}

/** Each picture untouched, and once for every operator; the same drawings for the same seed. */
export async function judgeByOperator (model: Uint8Array, images: readonly GoodImage[], trainedOperators: readonly FillName[], work: FitWork): Promise<JudgedByOperator> {
  const scorer = await Scorer.open(model, work.threads)
  const random = work.random('defects')
  const good: number[] = []
  const drawn = new Map<FillName, number[]>(fillNames.map((name) => [name, []]))
  try {
    for (const [index, image] of images.entries()) {
      await work.step('scores', index, images.length)
      const picture = await work.pool.read(image)
      const other = await work.pool.read(images[Math.floor(random() * images.length)] as GoodImage)
      good.push(await scorer.score(picture))
      for (const [name, scores] of drawn) scores.push(await scorer.score(drawDefect(picture, other, Math.floor(random() * 2 ** 32), [name]).image))
    }
  } finally {
    await scorer.close()
  }
  const counted = [...drawn].filter(([name]) => !trainedOperators.includes(name)).flatMap(([, scores]) => scores)
  return {
    proxy: auroc(good, counted) ?? 0,
    byOperator: Object.fromEntries([...drawn].map(([name, scores]) => [name, auroc(good, scores) ?? 0]))
  }
}
