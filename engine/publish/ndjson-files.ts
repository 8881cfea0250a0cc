/** The record files of this process: whoever writes to the same path shares one client, so that batches neither mix nor cut each other off. */
import { resolve } from 'node:path'
import type { KafkaClient } from './kafka-client.ts'
import { NdjsonClient } from './ndjson-client.ts'
import { SharedClient } from './shared-client.ts'

/** Kept when closed: the next to write there must wait for what its predecessor still writes. */
const files = new Map<string, SharedClient>()

/** A share of the file's client; the last `close` closes the file. */
export function leaseFile (path: string): KafkaClient {
  const whole = resolve(path)
  const shared = files.get(whole) ?? new SharedClient(new NdjsonClient({ path: whole }))
  files.set(whole, shared)
  return shared.lease()
}
