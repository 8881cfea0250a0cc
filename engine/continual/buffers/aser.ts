/**
 * Adversarial Shapley value experience replay (Shim et al. 2021), the variant with means: keeps items that support their class's nearest
 * neighbours, replays those that support the memory and stand in the way of what comes.
 */
import { knnShapleySum } from '../knn-shapley.ts'
import { byLabel, countByLabel, randomSample } from '../samples.ts'
import { ascending } from '../vectors.ts'
import type { Candidate, Choice, Exemplar, ReplayPolicy, RetrievalContext, SelectionContext } from './replay-policy.ts'

const neighbours = 3
/** Of each class, in every sample of the memory that a choice is measured against. */
const perClass = 3
/** Candidates of a retrieval, beside those that are wanted: with no more than these there is nothing to choose. */
const candidateShare = 1.5
/** Items that come at once. */
const batchSize = 10

export const aser: ReplayPolicy = {
  name: 'aser',
  description: 'Those worth most to the nearest neighbours of their class (Shapley values)',
  select,
  retrieve
}

function select (pool: readonly Candidate[], { items, random }: SelectionContext): Choice[] {
  const memory: Candidate[] = pool.filter(({ kept }) => kept)
  const scores = new Map<string, number>()
  const came = pool.filter(({ kept }) => !kept)
  for (let start = 0; start < came.length; start += batchSize) {
    const batch = came.slice(start, start + batchSize)
    const room = Math.max(0, items - memory.length)
    memory.push(...batch.slice(0, room))
    if (room < batch.length) replace(memory, batch.slice(room), scores, random)
  }
  return memory.slice(0, items).map((candidate) => {
    const score = scores.get(candidate.id) ?? candidate.score
    return score === null
      ? { candidate, reason: 'came while there was room' }
      : { candidate, score, reason: `Shapley value ${score.toPrecision(3)} for its class's nearest neighbours` }
  })
}

/** The worth of memory items and of the batch together; as many as were in the memory stay. */
function replace (memory: Candidate[], batch: readonly Candidate[], scores: Map<string, number>, random: SelectionContext['random']): void {
  const counts = countByLabel(memory)
  const threshold = random() / Math.max(1, counts.size)
  const rare = batch.filter(({ label }) => (counts.get(label) ?? 0) / memory.length < threshold)
  const evaluated = [...classSample(memory, perClass, random), ...rare]
  const used = new Set(evaluated.map(({ id }) => id))
  const rivals = randomSample(memory.filter(({ id }) => !used.has(id)), perClass * counts.size, random)
  const candidates = [...rivals, ...batch]
  const values = knnShapleySum(candidates, evaluated, neighbours)
  candidates.forEach(({ id }, index) => { scores.set(id, values[index] as number) })
  const order = ascending(values.map((value) => -value)).map((index) => candidates[index] as Candidate)
  const staying = new Set(order.slice(0, rivals.length).map(({ id }) => id))
  const arriving = batch.filter(({ id }) => staying.has(id))
  memory.forEach((candidate, slot) => {
    if (!staying.has(candidate.id) && rivals.includes(candidate)) memory[slot] = arriving.pop() ?? candidate
  })
}

function retrieve (exemplars: readonly Exemplar[], { count, random, incoming }: RetrievalContext): Exemplar[] {
  const classes = [...byLabel(exemplars).values()]
  const wanted = Math.ceil(candidateShare * count / classes.length)
  // Half of a class stays behind, to be its friends.
  const candidates = classes.flatMap((members) => randomSample(members, Math.min(wanted, Math.floor(members.length / 2)), random))
  const used = new Set(candidates.map(({ id }) => id))
  const friends = classSample(exemplars.filter(({ id }) => !used.has(id)), perClass, random)
  if (candidates.length <= count || friends.length === 0 || incoming.length === 0) return randomSample(exemplars, count, random)
  const help = knnShapleySum(candidates, friends, neighbours)
  const hindrance = knnShapleySum(candidates, incoming, neighbours)
  const values = help.map((value, index) => value / friends.length - (hindrance[index] as number) / incoming.length)
  return ascending(values.map((value) => -value)).slice(0, count).map((index) => candidates[index] as Exemplar)
}

function classSample<T extends { label: string }> (items: readonly T[], each: number, random: SelectionContext['random']): T[] {
  return [...byLabel(items).values()].flatMap((members) => randomSample(members, each, random))
}
