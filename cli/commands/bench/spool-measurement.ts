/** How fast the spool takes records to the disk, hands them out again, and opens with what it holds. */
import { join } from 'node:path'
import { Spool } from '../../../engine/store/spool.ts'
import type { SpoolRecord } from '../../../engine/store/spool-table.ts'

export interface SpoolMeasurement {
  /** Records that a line hands over before it waits for the disk; they may share a flush. */
  atOnce: number
  records: number
  appendedPerSecond: number
  megabytesPerSecond: number
  /** Of one append, from the call until the record is safe, milliseconds. */
  append: { median: number, p99: number }
  /** Half of the records, read and acknowledged in batches as the publisher does. */
  acknowledged: number
  acknowledgedPerSecond: number
  /** From opening the file until its state is known. */
  reopenSeconds: number
  /** Records found after the spool was opened anew: all that were not acknowledged. */
  recovered: number
}

/** As the publisher's. */
const BATCH_RECORDS = 500
const BATCH_BYTES = 800_000

export async function measureSpool (folder: string, { records, bytes, atOnce }: { records: number, bytes: number, atOnce: number }): Promise<SpoolMeasurement> {
  const path = join(folder, `${atOnce}.sqlite`)
  const value = JSON.stringify({ filler: 'x'.repeat(Math.max(0, bytes - 13)) })
  const record: SpoolRecord = { topic: 'bench', key: 'line', value, stampPath: null }
  const spool = new Spool({ path })
  const latencies: number[] = []
  const append = async (): Promise<void> => {
    const begun = performance.now()
    await spool.append(record)
    latencies.push(performance.now() - begun)
  }
  await spool.state()
  const appending = performance.now()
  for (let done = 0; done < records; done += atOnce) await Promise.all(Array.from({ length: Math.min(atOnce, records - done) }, append))
  const appendSeconds = (performance.now() - appending) / 1000

  const acknowledging = performance.now()
  let position = 0
  let acknowledged = 0
  while (acknowledged < Math.floor(records / 2)) {
    const batch = await spool.peek(position, Math.min(BATCH_RECORDS, Math.floor(records / 2) - acknowledged), BATCH_BYTES, '')
    position = batch.at(-1)?.position ?? position
    acknowledged += batch.length
    await spool.acknowledge(position)
  }
  const acknowledgeSeconds = (performance.now() - acknowledging) / 1000
  await spool.close()

  const reopening = performance.now()
  const again = new Spool({ path })
  const { records: recovered } = await again.state()
  const reopenSeconds = (performance.now() - reopening) / 1000
  await again.close()
  const sorted = latencies.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
  return {
    atOnce,
    records,
    appendedPerSecond: records / appendSeconds,
    megabytesPerSecond: records * value.length / 1e6 / appendSeconds,
    append: { median: at(0.5), p99: at(0.99) },
    acknowledged,
    acknowledgedPerSecond: acknowledged / acknowledgeSeconds,
    reopenSeconds,
    recovered
  }
}
