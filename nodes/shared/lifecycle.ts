/** One way for every node to take messages and to close: exactly one `done` per message, a close that is awaited and bounded. */
import type { Node, NodeMessage, NodeMessageInFlow } from 'node-red'

export type Output = NodeMessage | Array<NodeMessage | NodeMessage[] | null> | null | undefined

/** Runs `work` per message; what it returns is sent, what it throws reaches Catch nodes. A rejected handler would end Node-RED's process. */
export function onInput (node: Node, work: (msg: NodeMessageInFlow, send: (output: Output) => void) => Promise<Output>): void {
  node.on('input', (msg, send, done) => {
    const emit = (output: Output): void => { if (output !== null && output !== undefined) send(output) }
    work(msg, emit).then((output) => { emit(output); done() }, (error: unknown) => { done(error instanceof Error ? error : new Error(String(error))) })
  })
}

/** Node-RED awaits a close handler only when it declares `done`, and gives it 15 s. */
export function onClose (node: Node, close: (removed: boolean) => Promise<void> | void): void {
  node.on('close', (removed: boolean, done: () => void) => {
    Promise.resolve().then(async () => close(removed)).catch((error: unknown) => { node.warn(String(error)) }).finally(done)
  })
}
