/** The one door to kafkajs, with an idempotent producer that waits for all in-sync replicas. Why this library, and for how long: docs/decisions/0003-kafka-client.md. */
import { createRequire } from 'node:module'
import type { ConnectionOptions } from 'node:tls'
import type * as Kafkajs from 'kafkajs'
import { GoodpartsError } from '../errors.ts'
import type { ClientListener, KafkaClient, OutgoingRecord } from './kafka-client.ts'
import { withoutIdleTimer } from './kafkajs-idle-timer.ts'

export interface KafkajsOptions {
  /** `HOST:PORT` of one or more brokers. */
  brokers: readonly string[]
  clientId: string
  tls?: ConnectionOptions | true
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', username: string, password: string }
  /** Hears the library's own warnings and errors; every failure also leaves through `connect` or `send`. */
  log?: ClientListener
}

/** A send that neither ends nor fails within this counts as failed: after some outages the library waits for ever. */
const SEND_LIMIT_MS = 45_000
const CLOSE_LIMIT_MS = 2_000

/** Errors of the protocol that say something of the record, and would be the same tomorrow. */
const rejections = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP', 'INVALID_TOPIC_EXCEPTION', 'POLICY_VIOLATION', 'UNSUPPORTED_FOR_MESSAGE_FORMAT'])

export class KafkajsClient implements KafkaClient {
  readonly address: string
  readonly #options: KafkajsOptions
  #producer: Promise<Kafkajs.Producer> | undefined

  constructor (options: KafkajsOptions) {
    this.address = options.brokers.join(', ')
    this.#options = options
  }

  async connect (): Promise<void> {
    await this.#connected()
  }

  async send (records: readonly OutgoingRecord[]): Promise<void> {
    const producer = await this.#connected()
    const { CompressionTypes } = loadKafkajs()
    try {
      await within(SEND_LIMIT_MS, producer.sendBatch({ acks: -1, compression: CompressionTypes.GZIP, topicMessages: byTopic(records) }))
    } catch (error) {
      const failure = kafkaFailure(this.address, error)
      // Another producer numbers its records anew: the old one may have lost count.
      if (failure.code === 'GOODPARTS_KAFKA_UNAVAILABLE') await this.close()
      throw failure
    }
  }

  async close (): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await within(CLOSE_LIMIT_MS, producer?.then(async (open) => { await open.disconnect() })).catch(() => {})
  }

  async #connected (): Promise<Kafkajs.Producer> {
    this.#producer ??= this.#open()
    const opening = this.#producer
    try {
      return await opening
    } catch (error) {
      if (this.#producer === opening) this.#producer = undefined
      throw kafkaFailure(this.address, error)
    }
  }

  async #open (): Promise<Kafkajs.Producer> {
    const { Partitioners } = loadKafkajs()
    const kafka = openKafka(this.#options)
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { retries: 2, initialRetryTime: 200, maxRetryTime: 2_000 }
    })
    try {
      await producer.connect()
    } catch (error) {
      await within(CLOSE_LIMIT_MS, producer.disconnect()).catch(() => {})
      throw error
    }
    return producer
  }
}

/** For reading and for sending; connects with the first use. @throws GOODPARTS_DEPENDENCY_MISSING */
export function openKafka ({ brokers, clientId, tls, sasl, log }: KafkajsOptions): Kafkajs.Kafka {
  const { logLevel, Kafka } = loadKafkajs()
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3_000,
    requestTimeout: 15_000,
    retry: { retries: 2, initialRetryTime: 200, maxRetryTime: 2_000 },
    logLevel: logLevel.WARN,
    logCreator: () => ({ log: { message } }) => {
      // Retries end here because whoever uses it repeats what failed.
      if (!message.startsWith('Limiting retries')) log?.(message)
    },
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(sasl === undefined ? {} : { sasl: sasl as Kafkajs.SASLOptions })
  })
}

const topicMissing = 'UNKNOWN_TOPIC_OR_PARTITION'

/** So says a broker too that is just creating the topic. */
export function isTopicMissing (error: unknown): boolean {
  return rootCause(error).type === topicMissing
}

/** @param address Of the brokers, for people. */
export function kafkaFailure (address: string, error: unknown): GoodpartsError {
  if (error instanceof GoodpartsError) return error
  const cause = rootCause(error)
  const { name, message, type } = cause
  if (type !== undefined && rejections.has(type)) return new GoodpartsError('GOODPARTS_KAFKA_REJECTED', `Expected the broker to take the record, got ${type}: ${message}`, { cause: error, fix: 'Compare the size and topic of the record with the broker\'s settings' })
  if (name === 'KafkaJSSASLAuthenticationError' || type?.includes('AUTHORIZATION') === true || type?.includes('SASL') === true) {
    return new GoodpartsError('GOODPARTS_KAFKA_UNAVAILABLE', `Expected ${address} to let this client in, got "${message}"`, { cause: error, fix: 'Check user, password, mechanism and the rights on the topic' })
  }
  if (type === topicMissing) return new GoodpartsError('GOODPARTS_KAFKA_UNAVAILABLE', `Expected the topic to exist on ${address}, got "${message}"`, { cause: error, fix: 'Create the topic, or let the broker create topics by itself. Trying again' })
  return new GoodpartsError('GOODPARTS_KAFKA_UNAVAILABLE', `Expected a Kafka broker to answer at ${address}, got "${message}"`, { cause: error, fix: 'Check the address, and whether the listener there expects TLS or SASL. Trying again' })
}

interface KafkajsError { name: string, message: string, type?: string, cause?: unknown }

function rootCause (error: unknown): KafkajsError {
  const known = error as KafkajsError
  return known.cause instanceof Error && known.cause !== error ? rootCause(known.cause) : known
}

/** Consecutive records of one topic together: the order within a topic is the caller's. */
function byTopic (records: readonly OutgoingRecord[]): Array<{ topic: string, messages: Array<{ key: string | null, value: string }> }> {
  const topics = new Map<string, Array<{ key: string | null, value: string }>>()
  for (const { topic, key, value } of records) {
    const messages = topics.get(topic)
    if (messages === undefined) topics.set(topic, [{ key, value }])
    else messages.push({ key, value })
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }))
}

export async function within<T> (limitMs: number, work: Promise<T> | undefined): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new Error(`no answer within ${limitMs / 1000} s`)) }, limitMs)
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

let loaded: typeof Kafkajs | undefined

function loadKafkajs (): typeof Kafkajs {
  if (loaded !== undefined) return loaded
  const require = createRequire(import.meta.url)
  try {
    withoutIdleTimer(require('kafkajs/src/network/requestQueue') as Parameters<typeof withoutIdleTimer>[0])
    loaded = require('kafkajs') as typeof Kafkajs
    return loaded
  } catch (error) {
    throw new GoodpartsError('GOODPARTS_DEPENDENCY_MISSING', 'Expected the package kafkajs to be installed', { cause: error, fix: 'npm install kafkajs' })
  }
}
