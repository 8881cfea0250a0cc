/** Configuration node: where Kafka is and how to get in, for the nodes that name it. */
import type { ConnectionOptions } from 'node:tls'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import { asGoodpartsError, type GoodpartsError } from '../../engine/errors.ts'
import type { KafkaClient, ReaderListener, ReaderOptions } from '../../engine/publish/kafka-client.ts'
import { KafkajsClient, type KafkajsOptions } from '../../engine/publish/kafkajs-client.ts'
import { KafkajsReader } from '../../engine/publish/kafkajs-reader.ts'
import { RateLimitedReporter } from '../../engine/rate-limited-reporter.ts'
import { configurationNode } from '../shared/configuration-node.ts'
import { tellError } from '../shared/lifecycle.ts'
import { readBrokerForm, type BrokerCredentials, type BrokerForm } from './settings.ts'

type Config = NodeDef & BrokerForm & { tls?: string }

/** What other nodes see of it. */
export interface KafkaBrokerNode extends Node<BrokerCredentials> {
  /** A producer of the caller's own, so that no node's failure ends another's sends. @throws GOODPARTS_ARGUMENT */
  client: () => KafkaClient
  /** A reader of the caller's own, which begins at once. @throws GOODPARTS_ARGUMENT */
  read: (options: ReaderOptions, listener: ReaderListener) => KafkajsReader
}

interface TlsConfigNode extends Node {
  addTLSOptions: (options: ConnectionOptions) => ConnectionOptions
}

export default function register (RED: NodeAPI): void {
  function KafkaBroker (this: KafkaBrokerNode, config: Config): void {
    RED.nodes.createNode(this, config)
    let options: KafkajsOptions | undefined
    let failure: GoodpartsError | undefined
    try {
      const tls = config.useTls ? tlsOptions(RED, config.tls) : undefined
      const heard = new RateLimitedReporter<string>((latest, count) => { this.debug(count === 1 ? latest : `${count} texts, the last: ${latest}`) })
      options = {
        ...readBrokerForm(config, this.credentials),
        ...(tls === undefined ? {} : { tls }),
        log: (text) => { heard.add(text) }
      }
    } catch (error) {
      failure = asGoodpartsError(error, 'GOODPARTS_ARGUMENT')
      tellError(this, failure)
    }
    const connection = (): KafkajsOptions => {
      if (options === undefined) throw failure as GoodpartsError
      return options
    }
    this.client = () => new KafkajsClient(connection())
    this.read = (what, listener) => new KafkajsReader(connection(), what, listener)
  }

  RED.nodes.registerType('goodparts-kafka-broker', KafkaBroker as (this: Node, config: Config) => void, {
    credentials: { user: { type: 'text' }, password: { type: 'password' } }
  })
}

/** Without a `tls-config` node: the certificate authorities that Node trusts. */
function tlsOptions (RED: NodeAPI, id: string | undefined): ConnectionOptions | true {
  const node = configurationNode(RED, id, 'tls-config') as TlsConfigNode | null
  return node === null ? true : node.addTLSOptions({})
}
