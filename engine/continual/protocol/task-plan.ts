/** How pictures become tasks: which classes come together, in which order, and which parts are for training. */
import { permutation, seededRandom } from '../../random.ts'
import type { Random } from '../../random.ts'
import { byLabel, groupsOf } from '../samples.ts'
import type { ContinualTask } from './continual-set.ts'
import type { EmbeddedPicture } from './embedded-pictures.ts'

export interface TaskPlan {
  /** `null`: what comes together is a task, in the order given. Else tasks have that many classes of one product or fewer, in an order drawn per seed. */
  classesPerTask: number | null
  /** Whether the classes are drawn into tasks anew for every seed. */
  shuffleClasses: boolean
}

/** Of the parts that no author has split. */
const trainingShare = 0.7

export function planTasks (pictures: readonly EmbeddedPicture[], plan: TaskPlan, seed: number): ContinualTask[] {
  const random = seededRandom(seed)
  const isTraining = splitParts(pictures, random)
  const asTask = (name: string, members: readonly EmbeddedPicture[]): ContinualTask => ({ name, train: members.filter(isTraining), test: members.filter((picture) => !isTraining(picture)) })
  if (plan.classesPerTask === null) return [...groupsOf(pictures, ({ task }) => task)].map(([task, members]) => asTask(task, members))
  const tasks = taskClasses(pictures, { ...plan, classesPerTask: plan.classesPerTask }, random)
    .map((labels) => asTask(labels.length > 3 ? `${labels.slice(0, 3).join(', ')}, …` : labels.join(', '), pictures.filter(({ label }) => labels.includes(label))))
  return shuffled(tasks, random)
}

function taskClasses (pictures: readonly EmbeddedPicture[], { classesPerTask, shuffleClasses }: TaskPlan & { classesPerTask: number }, random: Random): string[][] {
  // A class whose label several products share goes with all of them.
  const families = new Map<string, string[]>()
  for (const [label, members] of byLabel(pictures)) {
    const family = label.includes('/') ? members[0]?.product ?? '' : ''
    families.set(family, [...families.get(family) ?? [], label])
  }
  return [...families.values()].flatMap((labels) => chunks(shuffleClasses ? shuffled(labels, random) : labels, classesPerTask))
}

/** Pictures of one part stay on one side. */
function splitParts (pictures: readonly EmbeddedPicture[], random: Random): (picture: EmbeddedPicture) => boolean {
  const key = ({ id, group, product }: EmbeddedPicture): string => group === null ? `picture ${id}` : `part ${product} ${group}`
  const training = new Set<string>()
  // Class by class, so that rare ones have both sides; a part that was drawn stays drawn.
  const tested = new Set<string>()
  for (const members of byLabel(pictures.filter(({ part }) => part === null)).values()) {
    const parts = distinct(members.map(key))
    const open = shuffled(parts.filter((part) => !training.has(part) && !tested.has(part)), random)
    const wanted = Math.max(0, Math.round(trainingShare * parts.length) - parts.filter((part) => training.has(part)).length)
    open.forEach((part, index) => (index < wanted ? training : tested).add(part))
  }
  return (picture) => picture.part === null ? training.has(key(picture)) : picture.part === 'train'
}

function shuffled<T> (items: readonly T[], random: Random): T[] {
  return Array.from(permutation(items.length, random), (index) => items[index] as T)
}

function chunks<T> (items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))
}

function distinct<T> (items: readonly T[]): T[] {
  return [...new Set(items)]
}
