/** The I/O thread: the only place where our databases and their files are touched, so that no disk ever delays a verdict. */
import { parentPort } from 'node:worker_threads'
import { asGoodpartsError } from '../errors.ts'
import { AuditTable, type AuditOptions } from './audit-table.ts'
import { isDiskFull } from './database.ts'
import { HistoryTable, type HistoryOptions } from './history-table.ts'
import type { IoReply, IoRequest, StoreKinds } from './io-protocol.ts'
import { SpoolTable, type SpoolOptions } from './spool-table.ts'

type Table = StoreKinds[keyof StoreKinds]['table']

const tables: { readonly [Kind in keyof StoreKinds]: (options: unknown) => Table } = {
  spool: (options) => new SpoolTable(options as SpoolOptions),
  history: (options) => new HistoryTable(options as HistoryOptions),
  audit: (options) => new AuditTable(options as AuditOptions)
}

const open = new Map<number, Table>()

function answer ({ store, method, values }: IoRequest): unknown {
  if (method === 'open') {
    const [kind, options] = values
    open.set(store, tables[kind as keyof StoreKinds](options))
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
