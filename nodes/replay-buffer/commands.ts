/** What a message may ask of a replay buffer. */
import type { LineReplay } from '../../engine/continual/line-replay.ts'
import type { ModelNode } from '../model/goodparts-model.ts'
import { readCommand, readPicture, readRelabel, type ReplayMessage } from './settings.ts'

/** @throws GOODPARTS_ARGUMENT, GOODPARTS_STORE_FAILED, and as `ModelNode.swap` */
export async function obey (line: LineReplay, model: ModelNode, msg: ReplayMessage, product: string): Promise<void> {
  const command = readCommand(msg)
  if (command === 'update') line.update()
  else if (command === 'cancel') await line.cancel()
  else if (command === 'rollback') await model.swap(await line.rollback(typeof msg.payload === 'string' && msg.payload !== '' ? msg.payload : undefined))
  else if (command === 'reset-drift') line.resetDrift()
  else if (command === 'withdraw') await line.withdraw(readPicture(msg))
  else await line.relabel(readRelabel(msg, product).sha256, readRelabel(msg, product))
}
