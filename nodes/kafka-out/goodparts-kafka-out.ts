/** Sends inspections to Kafka, or to a file in its place, by way of a spool on disk. */
import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { GoodpartsError } from '../../engine/errors.ts'
import type { KafkaClient } from '../../engine/publish/kafka-client.ts'
import { leaseFile } from '../../engine/publish/ndjson-files.ts'
import { Publisher, type PublisherState } from '../../engine/publish/publisher.ts'
import { Spool } from '../../engine/store/spool.ts'
import type { KafkaBrokerNode } from '../kafka-broker/goodparts-kafka-broker.ts'
import { configurationNode } from '../shared/configuration-node.ts'
import { onClose, onInput, refuse, tellError, tellOnceStarted } from '../shared/lifecycle.ts'
import { idle } from '../shared/line-closing.ts'
import { Status } from '../shared/status.ts'
import { messageToRecord, readKafkaOutForm, statusOf, type KafkaOutForm, type KafkaOutSettings } from './settings.ts'

type Config = NodeDef & KafkaOutForm & { broker?: string }

export default function register (RED: NodeAPI): void {
  function KafkaOut (this: Node, config: Config): void {
    RED.nodes.createNode(this, config)
    const status = new Status(this)
    try {
      const settings = readKafkaOutForm(config, this.id, RED.settings.userDir ?? homedir())
      start(this, status, settings, settings.sink === 'file' ? leaseFile(settings.path) : kafkaClient(config.broker))
    } catch (error) {
      refuse(RED, this, status, RED._('goodparts-kafka-out.status.notConfigured'), error)
    }
  }

  function kafkaClient (id: string | undefined): KafkaClient {
    const broker = configurationNode(RED, id, 'goodparts-kafka-broker') as KafkaBrokerNode | null
    if (broker === null) throw new GoodpartsError('GOODPARTS_ARGUMENT', 'Expected a Kafka broker to be chosen, got none', { fix: 'Choose a broker in the node, or write to a file' })
    return broker.client()
  }

  function start (node: Node, status: Status, settings: KafkaOutSettings, client: KafkaClient): void {
    const spool = new Spool(settings.spool)
    const tell = settings.sink === 'file' ? tellOnceStarted(RED, node) : undefined
    let connection: PublisherState['connection'] = 'connecting'
    const publisher = new Publisher({
      name: `kafka-out/${node.id}`,
      spool,
      client,
      onRejected: (error) => { tellError(node, error) },
      onState: (state) => {
        const { kind, text, cause = '' } = statusOf(state, settings.sink)
        status.show(kind, RED._(`goodparts-kafka-out.status.${text}`, { n: state.waiting, cause }))
        if (state.connection === connection) return
        connection = state.connection
        if (state.error === null) return
        // A broker comes back by itself; a file waits for a person.
        if (tell !== undefined) tell(state.error)
        else node.warn(state.error.fix === null ? state.error.message : `${state.error.message}. ${state.error.fix}`)
      }
    })
    status.show('busy', RED._('goodparts-kafka-out.status.connecting'))

    onInput(node, async (msg) => {
      await publisher.publish(messageToRecord((path) => RED.util.getMessageProperty(msg, path) as unknown, settings))
    })

    onClose(node, async (removed) => {
      await idle(node)
      await publisher.close()
      status.close()
      const left = publisher.snapshot().inFlight
      if (!removed) return
      if (left === 0) await rm(spool.path, { force: true })
      else node.warn(RED._('goodparts-kafka-out.left', { n: left, path: spool.path }))
    })
  }

  RED.nodes.registerType('goodparts-kafka-out', KafkaOut)
}
