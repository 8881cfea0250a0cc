/** Reads topics of Kafka: labels from other systems, orders, anything. */
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import type { KafkaBrokerNode } from '../kafka-broker/goodparts-kafka-broker.ts'
import { configurationNode } from '../shared/configuration-node.ts'
import { onClose, refuse } from '../shared/lifecycle.ts'
import { Status } from '../shared/status.ts'
import { RecordDelivery } from './record-delivery.ts'
import { readKafkaInForm, type KafkaInForm, type KafkaInSettings } from './settings.ts'

type Config = NodeDef & KafkaInForm & { broker: string }

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
      refuse(RED, this, status, RED._('goodparts-kafka-in.status.notConfigured'), error)
    }
  }

  function start (node: Node, status: Status, settings: KafkaInSettings, broker: KafkaBrokerNode): void {
    let read = 0
    let reachable = true
    const show = (): void => { status.show('running', RED._('goodparts-kafka-in.status.reading', { count: read })) }
    const delivery = new RecordDelivery(RED, node, settings.content, () => { status.show('degraded', RED._('goodparts-kafka-in.status.held', { count: read })) })
    let reader: ReturnType<KafkaBrokerNode['read']>
    try {
      reader = broker.read(settings, {
        record: async (record) => {
          await delivery.take(record)
          read++
          show()
        },
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
    } catch (error) {
      delivery.close()
      throw error
    }
    onClose(node, async () => {
      delivery.close()
      await reader.close()
      status.close()
    })
  }

  RED.nodes.registerType('goodparts-kafka-in', KafkaIn)
}
