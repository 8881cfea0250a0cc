/**
 * Gradient-based sample selection, its greedy form (Aljundi et al. 2019, algorithm 2): keeps items whose gradients differ from the memory's.
 * The gradient of a linear softmax head is `(p - y) ⊗ x`, so the cosine of two is the product of two cosines and none is written out.
 */
import { randomSample } from '../samples.ts'
import { ascending, dot, unit } from '../vectors.ts'
import type { Candidate, Choice, Head, ReplayPolicy, SelectionContext } from './replay-policy.ts'

/** Gradients of the memory that a new one is compared to. */
const comparisons = 10
/** Of the first item, which nothing can be compared to. */
const firstScore = 0.1

interface Scored {
  candidate: Candidate
  direction: Float32Array
  /** `p - y`, brought to length 1. */
  residual: Float32Array
  /** Largest cosine with the memory's gradients, plus 1: in [0, 2]. */
  score: number
}

export const gss: ReplayPolicy = {
  name: 'gss',
  description: 'Those whose gradients in the classifier point apart',
  select
}

function select (pool: readonly Candidate[], { items, random, head }: SelectionContext): Choice[] {
  const classes = [...new Set([...(head?.classes ?? []), ...pool.map(({ label }) => label)])]
  const scored = pool.map((candidate) => gradientOf(candidate, head, classes))
  const memory = scored.filter(({ candidate }) => candidate.kept)
  for (const item of scored) {
    if (item.candidate.kept) continue
    const others = randomSample(memory, comparisons, random)
    item.score = others.length === 0 ? firstScore : Math.max(...others.map((other) => cosine(item, other))) + 1
    if (memory.length < items) {
      memory.push(item)
      continue
    }
    // From 1 on it points where some of the memory points already.
    if (item.score >= 1) continue
    const victim = drawByScore(memory, random())
    const old = memory[victim] as Scored
    if (random() * (old.score + item.score) < old.score) memory[victim] = item
  }
  return ascending(memory.map(({ score }) => score)).slice(0, items).map((index) => {
    const { candidate, score } = memory[index] as Scored
    return { candidate, score, reason: `largest cosine of its gradient with those kept when it came: ${(score - 1).toFixed(2)}` }
  })
}

/** Without a head every class is as likely as another. */
function gradientOf (candidate: Candidate, head: Head | null, classes: readonly string[]): Scored {
  const known = head?.probabilities(candidate.features)
  const residual = Float32Array.from(classes, (name, index) => (known === undefined ? 1 / classes.length : known[index] ?? 0) - (name === candidate.label ? 1 : 0))
  return { candidate, direction: unit(candidate.features), residual: unit(residual), score: candidate.score ?? firstScore }
}

function cosine (a: Scored, b: Scored): number {
  return dot(a.residual, b.residual) * dot(a.direction, b.direction)
}

/** An index with a probability in proportion to its score. */
function drawByScore (memory: readonly Scored[], uniform: number): number {
  let left = uniform * memory.reduce((sum, { score }) => sum + score, 0)
  const found = memory.findIndex(({ score }) => (left -= score) < 0)
  return found === -1 ? memory.length - 1 : found
}
