/** A Node-RED runtime in this process with the nodes under test: typed calls to node-red-node-test-helper. */
import { createRequire } from 'node:module'
import type { Node, NodeAPI, NodeStatus } from 'node-red'

interface TestHelper {
  init: (runtime: string, settings?: object) => void
  startServer: (done: () => void) => void
  stopServer: (done: () => void) => void
  load: (nodes: Array<(RED: NodeAPI) => void>, flow: object[], credentials?: object) => Promise<void>
  unload: () => Promise<void>
  setFlows: (flow: object[], type: 'full' | 'nodes' | 'flows') => Promise<void>
  getNode: (id: string) => Node
  request: () => Record<'get' | 'put' | 'delete', (path: string) => Asked>
}

interface Asked extends PromiseLike<{ status: number, body: unknown }> {
  set: (headers: Record<string, string>) => Asked
  send: (body: object) => Asked
}

const require = createRequire(import.meta.url)
const helper = require('node-red-node-test-helper') as TestHelper
const { hooks, events } = require('@node-red/util') as Pick<NodeAPI, 'hooks' | 'events'>

export async function startRuntime (settings: object = {}): Promise<void> {
  helper.init(require.resolve('node-red'), settings)
  await new Promise<void>((resolve) => { helper.startServer(resolve) })
}

export async function stopRuntime (): Promise<void> {
  await new Promise<void>((resolve) => { helper.stopServer(resolve) })
}

export async function deploy (nodes: Array<(RED: NodeAPI) => void>, flow: object[], credentials: object = {}): Promise<void> {
  // The helper leaves the runtime's hooks out of what it gives to nodes.
  await helper.load(nodes.map((register) => (RED) => { register(Object.assign(RED, { hooks })) }), flow, credentials)
}

/** Deploys another flow over the one that runs, as the editor does: `nodes` restarts only those that changed. */
export async function redeploy (flow: object[], type: 'full' | 'nodes' | 'flows'): Promise<void> {
  const started = new Promise<void>((resolve) => { events.once('flows:started', () => { resolve() }) })
  // The helper gives up before nodes with much to close have closed.
  await helper.setFlows(flow, type).catch((error: unknown) => { if (!String(error).includes('timeout waiting event')) throw error })
  await started
}

/** Stops every node and awaits their closing. */
export async function undeploy (): Promise<void> {
  await helper.unload()
}

/** Asks a route that nodes add for the editor. */
export async function getFromEditorRoute (path: string): Promise<{ status: number, body: unknown }> {
  const { status, body } = await helper.request().get(path)
  return { status, body }
}

/** Asks one that changes something. */
export async function askEditorRoute (method: 'put' | 'delete', path: string, { headers = {}, body }: { headers?: Record<string, string>, body?: object } = {}): Promise<{ status: number, body: unknown }> {
  const asked = helper.request()[method](path).set(headers)
  const { status, body: answer } = await (body === undefined ? asked : asked.send(body))
  return { status, body: answer }
}

export function nodeOf (id: string): Node {
  return helper.getNode(id)
}

/** What a node has warned of, as keys of its texts. */
export function warningsOf (id: string): string[] {
  return callsOf<string>(id, 'warn')
}

/** What a node has told the log. */
export function logsOf (id: string): string[] {
  return callsOf<string>(id, 'log')
}

/** First arguments of the calls of a node's method; the helper watches those of all nodes at once. */
function callsOf<First> (id: string, method: 'warn' | 'status' | 'log'): First[] {
  const node = nodeOf(id)
  const { args, thisValues } = (node as unknown as Record<string, { args: First[][], thisValues: unknown[] }>)[method] ?? { args: [], thisValues: [] }
  return args.flatMap(([first], call) => thisValues[call] === node && first !== undefined ? [first] : [])
}

/** Resolves with the next message that reaches a node of type `helper`. */
export async function nextMessage (id: string): Promise<Record<string, unknown>> {
  return await new Promise((resolve) => { nodeOf(id).once('input', (msg: unknown) => { resolve(msg as Record<string, unknown>) }) })
}

/** Resolves once the node shows a status that `wanted` accepts, or already has. */
export async function untilStatus (id: string, wanted: (status: NodeStatus) => boolean): Promise<NodeStatus> {
  const node = nodeOf(id) as unknown as { on: (event: string, listener: (call: { args: NodeStatus[] }) => void) => void }
  const shown = callsOf<NodeStatus>(id, 'status').at(-1)
  if (shown !== undefined && wanted(shown)) return shown
  return await new Promise((resolve) => {
    node.on('call:status', ({ args: [status] }) => { if (status !== undefined && wanted(status)) resolve(status) })
  })
}
