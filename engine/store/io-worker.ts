/** The I/O thread: the only place where our databases and their files are touched, so that no disk ever delays a verdict. */
import { parentPort } from 'node:worker_threads'
import { asGoodpartsError } from '../errors.ts'
import { isDiskFull } from './database.ts'
import { HistoryTable, type HistoryOptions } from './history-table.ts'
import type { IoReply, IoRequest } from './io-protocol.ts'
import { SpoolTable, type SpoolOptions } from './spool-table.ts'

type Table = SpoolTable | HistoryTable

const open = new Map<number, Table>()

function answer ({ store, method, values }: IoRequest): unknown {
  if (method === 'open') {
    const [kind, options] = values
    open.set(store, kind === 'spool' ? new SpoolTable(options as SpoolOptions) : new HistoryTable(options as HistoryOptions))
    return undefined
  }
  const table = open.get(store)
  if (method === 'close') {
    open.delete(store)
    table?.close()
    return undefined
  }
  return (table as unknown as Record<string, (...values: unknown[]) => unknown>)[method]?.(...values)
}

parentPort?.on('message', (request: IoRequest) => {
  const reply = ((): IoReply => {
    try {
      return { id: request.id, result: answer(request) }
    } catch (error) {
      const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_STORE_FAILED')
      return { id: request.id, error: { code, message, fix, diskFull: isDiskFull(error) } }
    }
  })()
  parentPort?.postMessage(reply)
})
