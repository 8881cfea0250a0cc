import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeAPI } from 'node-red'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import kafkaBroker, { type KafkaBrokerNode } from '../../../nodes/kafka-broker/goodparts-kafka-broker.ts'
import { kafkaMissing, startKafka, type KafkaBroker } from '../../../scripts/test-kafka.ts'
import { makeCertificate } from '../../publish/fixtures.ts'
import { deploy, nodeOf, startRuntime, stopRuntime, undeploy } from '../flow-runtime.ts'

const missing = kafkaMissing()
if (missing !== null) process.stdout.write(`skipped: the Kafka broker node with a real broker: ${missing}\n`)

const tlsConfig = createRequire(createRequire(import.meta.url).resolve('node-red'))('@node-red/nodes/core/network/05-tls.js') as (RED: NodeAPI) => void
const folder = mkdtempSync(join(tmpdir(), 'goodparts-kafka-broker-'))
const form = { id: 'broker', type: 'goodparts-kafka-broker', name: '', brokers: '127.0.0.1:9092', clientId: 'goodparts', useTls: false, tls: '', mechanism: 'none' }
const broker = (): KafkaBrokerNode => nodeOf('broker') as KafkaBrokerNode

beforeAll(async () => { await startRuntime() })
afterEach(async () => { await undeploy() })
afterAll(async () => {
  await stopRuntime()
  rmSync(folder, { recursive: true, force: true })
})

describe('goodparts-kafka-broker', () => {
  it('hands its mistake to whoever asks for a connection', async () => {
    await deploy([kafkaBroker], [{ ...form, brokers: 'nowhere' }])

    expect(() => broker().client()).toThrow(expect.objectContaining({ code: 'GOODPARTS_ARGUMENT', message: 'Expected brokers to be HOST:PORT, got "nowhere"' }) as Error)
  })

  describe.skipIf(missing !== null)('with a broker that asks for TLS and a login', () => {
    let kafka: KafkaBroker
    let certificatePath: string

    beforeAll(async () => {
      const made = makeCertificate(folder)
      certificatePath = made.certificatePath
      kafka = await startKafka({ secure: { username: 'line', password: 'secret', pemPath: made.pemPath }, properties: { 'auto.create.topics.enable': 'false' } })
      for (const topic of ['node', 'beside']) await kafka.createTopic(topic, 1)
    }, 180_000)

    afterAll(async () => { await kafka.stop() })

    const secureFlow = (): object[] => [
      { ...form, brokers: `127.0.0.1:${kafka.securePort}`, useTls: true, tls: 'tls', mechanism: 'plain' },
      { id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: certificatePath, certname: '', keyname: '', caname: '', servername: '', verifyservercert: true, alpnprotocol: '' }
    ]

    it('connects with a TLS configuration node and credentials', async () => {
      await deploy([tlsConfig, kafkaBroker], secureFlow(), { broker: { user: 'line', password: 'secret' } })
      const client = broker().client()

      await client.send([{ topic: 'node', key: 'line-1', value: '{}' }])
      await client.close()

      expect(await kafka.consume('node', 1)).toEqual([{ key: 'line-1', value: '{}' }])
    })

    it('keeps the sends of one node clear of another whose topic is not there', async () => {
      await deploy([kafkaBroker], [{ ...form, brokers: `127.0.0.1:${kafka.port}` }])
      const [client, misled] = [broker().client(), broker().client()]
      await client.connect()
      const misledSends = { failed: 0 }
      const failing = (async () => {
        for (; misledSends.failed < 2; misledSends.failed++) await expect(misled.send([{ topic: 'nowhere', key: 'line-1', value: '{}' }])).rejects.toThrow('Expected the topic to exist')
      })()

      const values: string[] = []
      while (misledSends.failed < 2) {
        values.push(`{"number":${values.length}}`)
        await client.send([{ topic: 'beside', key: 'line-1', value: values.at(-1) as string }])
      }
      await failing
      await Promise.all([client.close(), misled.close()])

      expect((await kafka.consume('beside', values.length)).map(({ value }) => value)).toEqual(values)
    }, 60_000)

    it('is refused with other credentials', async () => {
      await deploy([tlsConfig, kafkaBroker], secureFlow(), { broker: { user: 'line', password: 'guess' } })
      const client = broker().client()

      await expect(client.connect()).rejects.toMatchObject({ code: 'GOODPARTS_KAFKA_UNAVAILABLE', fix: expect.stringContaining('password') as string })
      await client.close()
    })
  })
})
