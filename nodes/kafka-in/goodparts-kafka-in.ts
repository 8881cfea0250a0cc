/** Reads topics of Kafka: labels from other systems, orders, anything. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { asGoodpartsError, GoodpartsError } from '../../engine/errors.ts'
import type { IncomingRecord } from '../../engine/publish/kafka-client.ts'
import type { KafkaBrokerNode } from '../kafka-broker/goodparts-kafka-broker.ts'
import { Completion } from '../shared/completion.ts'
import { configurationNode } from '../shared/configuration-node.ts'
import { onClose, refuse } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'
import { readKafkaInForm, recordToMessage, type KafkaInForm, type KafkaInSettings, type KafkaMessage } from './settings.ts'

type Config = NodeDef & KafkaInForm & { broker: string }

/** A flow that has not ended a record by now holds it for good: the next one goes in. */
const LONGEST_MS = 60_000
const LONGEST_WAIT_MS = 30_000

export default function register (RED: NodeAPI): void {
  function KafkaIn (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    try {
      const settings = readKafkaInForm(config, this.id)
      const broker = configurationNode(RED, config.broker, 'goodparts-kafka-broker') as KafkaBrokerNode | null
      if (broker === null) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a Kafka broker to be chosen, got none', { fix: 'Choose a broker in the node' })
      start(this, status, settings, broker)
    } catch (error) {
      refuse(this, status, RED._('goodparts-kafka-in.status.notConfigured'), error)
    }
  }

  function start (node: Node, status: Status, settings: KafkaInSettings, broker: KafkaBrokerNode): void {
    const completion = new Completion(RED.hooks, node.id)
    const closing = new AbortController()
    let read = 0
    let reachable = true
    const show = (): void => { status.show('running', RED._('goodparts-kafka-in.status.reading', { count: read })) }

    /** Resolves when the flow has done with it, however often it has to be told. Rejects when this node closes before. */
    const handOn = async (message: KafkaMessage): Promise<void> => {
      for (let waitMs = 1000; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
        const msg = { ...message, _msgid: RED.util.generateId() }
        const error = await completion.of(msg, LONGEST_MS, () => { node.send(msg) })
        closing.signal.throwIfAborted()
        // A full queue, a disk or a server that is away: nothing is wrong with the record.
        if (!(error instanceof GoodpartsError && error.retriable)) return
        status.show('degraded', RED._('goodparts-kafka-in.status.held', { count: read }))
        await delay(waitMs, undefined, { signal: closing.signal })
      }
    }

    const take = async (record: IncomingRecord): Promise<void> => {
      const message = messageOf(record)
      if (message !== null) await handOn(message)
      read++
      show()
      // The editor and other nodes have their turn between records, however many wait.
      await new Promise(setImmediate)
    }

    /** One that nobody can read must not hold up those after it. */
    const messageOf = (record: IncomingRecord): KafkaMessage | null => {
      try {
        return recordToMessage(record, settings.content)
      } catch (error) {
        const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_ARGUMENT')
        node.error(message, { topic: record.topic, payload: record.value, kafka: record, error: { code, message, fix } })
        return null
      }
    }

    const reader = broker.read(settings, {
      record: take,
      state: (state, error) => {
        if (state === 'reading') show()
        else if (state === 'connecting' && reachable) status.show('busy', RED._('goodparts-kafka-in.status.connecting'))
        else if (error !== null) {
          status.show('failed', RED._('goodparts-kafka-in.status.noBroker'))
          if (reachable) node.warn(error.fix === null ? error.message : `${error.message}. ${error.fix}`)
        }
        reachable = state === 'reading' || (reachable && error === null)
      }
    })
    onClose(node, async () => {
      closing.abort()
      completion.close()
      await reader.close()
      status.close()
    })
  }

  RED.nodes.registerType('goodparts-kafka-in', KafkaIn)
}
