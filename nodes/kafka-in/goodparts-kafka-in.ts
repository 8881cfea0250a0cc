/** Reads topics of Kafka: labels from other systems, orders, anything. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { asGoodpartsError, GoodpartsError } from '../../engine/errors.ts'
import type { KafkaBrokerNode } from '../kafka-broker/goodparts-kafka-broker.ts'
import { onClose, refuse } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'
import { readKafkaInForm, recordToMessage, type KafkaInForm, type KafkaInSettings } from './settings.ts'

type Config = NodeDef & KafkaInForm & { broker: string }

export default function register (RED: NodeAPI): void {
  function KafkaIn (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    try {
      const broker = RED.nodes.getNode(config.broker) as KafkaBrokerNode | null
      if (broker === null) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a Kafka broker to be chosen, got none', { fix: 'Choose a broker in the node' })
      start(this, status, readKafkaInForm(config, this.id), broker)
    } catch (error) {
      refuse(this, status, RED._('goodparts-kafka-in.status.notConfigured'), error)
    }
  }

  function start (node: Node, status: Status, settings: KafkaInSettings, broker: KafkaBrokerNode): void {
    let read = 0
    let reachable = true
    const reader = broker.read(settings, {
      record: async (record) => {
        try {
          node.send(recordToMessage(record, settings.content))
        } catch (error) {
          // One that nobody can read must not hold up those after it.
          const { code, message, fix } = asGoodpartsError(error, 'GOODPARTS_ARGUMENT')
          node.error(message, { topic: record.topic, payload: record.value, kafka: record, error: { code, message, fix } })
        }
        read++
        status.show('running', RED._('goodparts-kafka-in.status.reading', { count: read }))
        // The editor and other nodes have their turn between records, however many wait.
        await new Promise(setImmediate)
      },
      state: (state, error) => {
        if (state === 'reading') status.show('running', RED._('goodparts-kafka-in.status.reading', { count: read }))
        else if (state === 'connecting' && reachable) status.show('busy', RED._('goodparts-kafka-in.status.connecting'))
        else if (error !== null) {
          status.show('failed', RED._('goodparts-kafka-in.status.noBroker'))
          if (reachable) node.warn(error.fix === null ? error.message : `${error.message}. ${error.fix}`)
        }
        reachable = state === 'reading' || (reachable && error === null)
      }
    })
    onClose(node, async () => {
      await reader.close()
      status.close()
    })
  }

  RED.nodes.registerType('goodparts-kafka-in', KafkaIn)
}
