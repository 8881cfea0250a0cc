/** An update in a process of its own, which leaves the old or the new behind whenever it is killed. */
import { fileURLToPath } from 'node:url'
import { inProcessOfItsOwn, type Work } from '../../process-of-its-own.ts'
import { siblingModule } from '../../sibling-module.ts'
import type { UpdateOutcome, UpdateProgress, UpdateRequest } from './update-detector.ts'

/** Its progress: the arguments of an `UpdateProgress`. */
export type UpdateJob = Work<UpdateRequest, Parameters<UpdateProgress>, UpdateOutcome>

/** @throws GOODPARTS_FIT_CANCELLED, GOODPARTS_FIT_FAILED when the process dies, and whatever `updateDetector` throws. */
export async function updateInProcess (request: UpdateRequest, progress: UpdateProgress = () => {}, signal?: AbortSignal): Promise<UpdateOutcome> {
  return await inProcessOfItsOwn<UpdateJob>(fileURLToPath(siblingModule(import.meta.url, './update-child')), request, { name: 'update', progress: (stage) => { progress(...stage) }, signal })
}
