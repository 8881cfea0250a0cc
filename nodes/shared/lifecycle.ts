/** One way for every node to take messages and to close: exactly one `done` per message, a close that is awaited and bounded. */
import type { Node, NodeAPI, NodeMessage, NodeMessageInFlow } from 'node-red'
import { systemClock } from '../../engine/clock.ts'
import { asGoodpartsError, GoodpartsError, type ErrorCode } from '../../engine/errors.ts'
import { RateLimitedReporter } from '../../engine/rate-limited-reporter.ts'
import { apart } from '../../engine/read-all.ts'
import { begin, closeInPlace, opens } from './line-closing.ts'
import type { Status } from './status.ts'

type Output = NodeMessage | Array<NodeMessage | NodeMessage[] | null> | null | undefined

/** Runs `work` per message; what it returns is sent, what it or the sending throws reaches Catch nodes. A rejected handler would end Node-RED's process. */
export function onInput (node: Node, work: (msg: NodeMessageInFlow, send: (output: Output) => void) => Promise<Output>): void {
  opens(node)
  node.on('input', (msg, send, done) => {
    const emit = (output: Output): void => { if (output !== null && output !== undefined) send(output) }
    const handled = (async () => { emit(await work(msg, emit)) })()
    begin(node, handled.then(() => { done() }, (error: unknown) => { done(error instanceof Error ? error : new Error(String(error))) }))
  })
}

/** Node-RED awaits a close handler only when it declares `done`, and gives it 15 s. */
export function onClose (node: Node, close: (removed: boolean) => Promise<void> | void): void {
  node.on('close', (removed: boolean, done: () => void) => {
    closeInPlace(node, async () => close(removed)).catch((error: unknown) => { node.warn(String(error)) }).finally(done)
  })
}

const reporters = new WeakMap<Node, Map<ErrorCode, RateLimitedReporter<GoodpartsError>>>()

/**
 * An error that no message caused: for Catch nodes, which hear only of errors with a message, or for the log where none hears it.
 * Of one kind once a second at most, with how many there were: what fails for every part would else be an error per part.
 */
export function tellError (node: Node, error: GoodpartsError): void {
  const ofNode = reporters.get(node) ?? new Map<ErrorCode, RateLimitedReporter<GoodpartsError>>()
  reporters.set(node, ofNode)
  const reporter = ofNode.get(error.code) ?? new RateLimitedReporter<GoodpartsError>(({ code, message, fix }, count) => {
    const text = fix === null ? message : `${message}. ${fix}`
    node.error(count === 1 ? text : `${count} errors, the last: ${text}`, { payload: { code, message, fix, count } })
  })
  ofNode.set(error.code, reporter)
  reporter.add(error)
}

const unstarted = new Set<() => void>()

function startAll (): void {
  const those = [...unstarted]
  unstarted.clear()
  for (const started of those) started()
}

/**
 * `tellError` for a node that is being constructed: until the last node of the flows is there, Catch nodes hear nothing, so what there is to tell waits
 * for that. To be called in the constructor.
 */
export function tellOnceStarted (RED: NodeAPI, node: Node): (error: GoodpartsError) => void {
  const waiting: GoodpartsError[] = []
  let isStarted = false
  const started = (): void => {
    isStarted = true
    for (const error of waiting.splice(0)) tellError(node, error)
  }
  // One listener for all: Node warns of more than ten.
  if (unstarted.size === 0) RED.events.once('flows:started', startAll)
  unstarted.add(started)
  node.on('close', () => { unstarted.delete(started) })
  return (error) => {
    if (isStarted) tellError(node, error)
    else waiting.push(error)
  }
}

/**
 * Lets Catch nodes hear what `tellError` says of a configuration node that belongs to no flow: those of the flows of the nodes that name it.
 * Before Node-RED has started these, it is for the log alone.
 */
export function heardByUsers (RED: NodeAPI, node: Node): void {
  // Node-RED asks for them under this name (handleError of runtime/lib/flows/Flow.js).
  Object.defineProperty(node, 'users', {
    get: () => {
      const users: Record<string, Node> = {}
      RED.nodes.eachNode((config) => {
        const user = Object.entries(config).some(([property, value]) => property !== 'id' && value === node.id) ? RED.nodes.getNode(config.id) as Node | null : null
        if (user !== null) users[config.id] = user
      })
      return users
    }
  })
}

/** Between two lines of the log on messages to a node whose form is wrong. */
const REFUSALS_MS = 10_000

/**
 * What a node does whose form is wrong: says all of it once, and answers every message in short. `text` is for the status, which goes with the node:
 * the one that takes its place may have nothing to show for long. `messages` go no further, or on to the first output as they are where a node only
 * adds to them.
 */
export function refuse (RED: NodeAPI, node: Node, status: Status, text: string, cause: unknown, messages: 'refused' | 'passed on' = 'refused'): void {
  const error = asGoodpartsError(cause, 'GOODPARTS_ARGUMENT')
  status.show('failed', text)
  tellOnceStarted(RED, node)(error)
  const refusal = inShort(error)
  const log = logSeldom(node, refusal, messages)
  onInput(node, async (msg, send) => {
    if (messages === 'passed on') send(msg)
    return await Promise.reject(refusal)
  })
  onClose(node, () => {
    log.close()
    status.close()
    node.status({})
  })
}

/** The first mistake, and how many more there are. */
function inShort (error: GoodpartsError): GoodpartsError {
  const [{ message, fix }, ...others] = apart(error) as [GoodpartsError, ...GoodpartsError[]]
  if (others.length === 0) return error
  return new GoodpartsError(error.code, `${message}; and ${others.length} more in the form, all told at the start`, { cause: error, ...fix === null ? {} : { fix } })
}

/** Node-RED's own way to Catch nodes (`error` of runtime/lib/nodes/Node.js), which says whether one heard. */
interface InFlow { _flow?: { handleError?: (node: Node, error: Error, msg: unknown) => boolean } }

/** Catch nodes hear of `error` with every message. Where none does, it is in the log, which a camera would fill, now and then with how often it was. */
function logSeldom (node: Node & InFlow, error: Error, messages: string): RateLimitedReporter<string> {
  const say = node.error.bind(node)
  const reporter = new RateLimitedReporter<string>((text, count) => { say(count === 1 ? text : `${count} messages ${messages}: ${text}`) }, systemClock, REFUSALS_MS)
  node.error = (given: unknown, msg?: NodeMessage) => {
    const flow = node._flow
    if (given !== error || flow?.handleError === undefined) say(given, msg)
    else if (!flow.handleError(node, error, msg)) reporter.add(error.message)
  }
  return reporter
}
