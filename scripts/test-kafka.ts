/**
 * Apache Kafka for the tests and for machines without Docker: one KRaft process out of the jars that Maven fetches into `.kafka/`.
 * `npm run kafka` keeps one running on port 9092 until Ctrl+C.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Command } from 'commander'
import { portNumber } from '../cli/option-values.ts'

const version = '4.3.1'
const home = join(import.meta.dirname, '..', '.kafka')
const jars = join(home, `jars-${version}`)
const readyMs = 60_000

/** `null` when a broker can run here, else what is missing. */
export function kafkaMissing (): string | null {
  if (!isRunnable('java', '-version')) return 'Java is missing (apt install openjdk-17-jre-headless)'
  if (!existsSync(jars) && !isRunnable('mvn', '-version')) return 'Maven is missing, which fetches Kafka (apt install maven)'
  return null
}

export interface KafkaOptions {
  port?: number
  /** Adds a listener with TLS and SASL/PLAIN. `pemPath` holds a private key and its certificate. */
  secure?: { username: string, password: string, pemPath: string }
  /** Lines of server.properties on top of ours. */
  properties?: Record<string, string>
}

export interface ConsumedRecord { key: string, value: string }

export class KafkaBroker {
  readonly port: number
  readonly securePort: number
  readonly #folder: string
  #process: ChildProcess | undefined
  readonly #killOnExit = (): void => { this.#process?.kill('SIGKILL') }

  constructor (folder: string, port: number, securePort: number) {
    this.#folder = folder
    this.port = port
    this.securePort = securePort
  }

  get address (): string {
    return `127.0.0.1:${this.port}`
  }

  /** Starts, or starts again on the same port and data; resolves once it answers. */
  async start (): Promise<void> {
    const output = openSync(join(this.#folder, 'output.txt'), 'a')
    const child = spawn('java', [...javaOptions('512m'), 'kafka.Kafka', join(this.#folder, 'server.properties')], { stdio: ['ignore', output, output] })
    closeSync(output)
    this.#process = child
    process.once('exit', this.#killOnExit)
    await this.#ready(child)
  }

  /** As a power cut would: no goodbye, no flush. */
  async kill (): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop (): Promise<void> {
    await this.#end('SIGTERM')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** `count` records from the beginning of the topic, read by Kafka's own console consumer; fewer when no more come for `quietMs`. */
  async consume (topic: string, count: number, quietMs = 10_000): Promise<ConsumedRecord[]> {
    const { stdout } = await promisify(execFile)('java', [
      ...javaOptions('128m'), 'org.apache.kafka.tools.consumer.ConsoleConsumer', '--bootstrap-server', this.address, '--topic', topic, '--from-beginning',
      '--max-messages', String(count), '--timeout-ms', String(quietMs), '--formatter-property', 'print.key=true', '--formatter-property', 'key.separator=\t'
    ], { maxBuffer: 256 * 1024 * 1024 })
    return stdout.split('\n').filter((line) => line.includes('\t')).map((line) => {
      const [key = '', ...rest] = line.split('\t')
      return { key, value: rest.join('\t') }
    })
  }

  async createTopic (topic: string, partitions: number): Promise<void> {
    await promisify(execFile)('java', [
      ...javaOptions('128m'), 'org.apache.kafka.tools.TopicCommand', '--bootstrap-server', this.address, '--create', '--topic', topic, '--partitions', String(partitions)
    ])
  }

  /** What Kafka's own reader finds in the log files of the topic, line by line: batches, producers, codecs. */
  async dump (topic: string): Promise<string[]> {
    const files = readdirSync(join(this.#folder, 'log'), { recursive: true, encoding: 'utf8' }).filter((file) => file.startsWith(`${topic}-`) && file.endsWith('.log'))
    const { stdout } = await promisify(execFile)('java', [
      ...javaOptions('128m'), 'org.apache.kafka.tools.DumpLogSegments', '--files', files.map((file) => join(this.#folder, 'log', file)).join(',')
    ], { maxBuffer: 64 * 1024 * 1024 })
    return stdout.split('\n')
  }

  async #ready (child: ChildProcess): Promise<void> {
    const end = Date.now() + readyMs
    while (!await answers(this.port)) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > end) {
        child.kill('SIGKILL')
        throw new Error(`Expected Kafka to answer on ${this.address} within ${readyMs / 1000} s:\n${readFileSync(join(this.#folder, 'output.txt'), 'utf8').slice(-2000)}`)
      }
      await pause(100)
    }
  }

  async #end (signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    process.off('exit', this.#killOnExit)
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
}

/** A fresh broker with one empty log folder. Topics are made on first use, with one partition. */
export async function startKafka (options: KafkaOptions = {}): Promise<KafkaBroker> {
  const missing = kafkaMissing()
  if (missing !== null) throw new Error(missing)
  fetchJars()
  const [port, securePort, controllerPort] = [options.port ?? await freePort(), await freePort(), await freePort()]
  const folder = mkdtempSync(join(tmpdir(), 'goodparts-kafka-'))
  writeFileSync(join(folder, 'server.properties'), serverProperties(folder, { port, securePort, controllerPort }, options))
  execFileSync('java', [...javaOptions('256m'), 'kafka.tools.StorageTool', 'format', '--cluster-id', 'Z29vZHBhcnRzLXRlc3QtMQ', '--config', join(folder, 'server.properties')], { stdio: 'pipe' })
  const broker = new KafkaBroker(folder, port, securePort)
  await broker.start()
  return broker
}

export async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

function serverProperties (folder: string, ports: { port: number, securePort: number, controllerPort: number }, { secure, properties }: KafkaOptions): string {
  const names = ['PLAINTEXT', 'CONTROLLER', ...(secure === undefined ? [] : ['SECURE'])]
  const address = { PLAINTEXT: ports.port, CONTROLLER: ports.controllerPort, SECURE: ports.securePort }
  const listeners = names.map((name) => `${name}://127.0.0.1:${address[name as keyof typeof address]}`)
  const lines: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${ports.controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: listeners.join(','),
    'advertised.listeners': listeners.filter((listener) => !listener.startsWith('CONTROLLER')).join(','),
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(folder, 'log'),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker comes back without waiting for its own old session.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    'log.cleaner.dedupe.buffer.size': '16777216',
    ...properties
  }
  if (secure !== undefined) {
    lines['ssl.keystore.type'] = 'PEM'
    lines['ssl.keystore.location'] = secure.pemPath
    lines['listener.name.secure.sasl.enabled.mechanisms'] = 'PLAIN'
    lines['listener.name.secure.plain.sasl.jaas.config'] = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${secure.username}="${secure.password}";`
  }
  return Object.entries(lines).map(([key, value]) => `${key}=${value}\n`).join('')
}

/** Fetched aside and moved into place whole, so that two test processes may do it at once. */
function fetchJars (): void {
  if (existsSync(jars)) return
  mkdirSync(home, { recursive: true })
  const work = mkdtempSync(join(home, 'fetch-'))
  const dependency = (artifact: string): string => `<dependency><groupId>org.apache.kafka</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  writeFileSync(join(work, 'pom.xml'), `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>goodparts</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>${dependency('kafka_2.13')}${dependency('kafka-tools')}</dependencies></project>`)
  execFileSync('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=jars'], { cwd: work, stdio: ['ignore', 'inherit', 'inherit'] })
  try {
    renameSync(join(work, 'jars'), jars)
  } catch (error) {
    if (!existsSync(jars)) throw error
  }
  rmSync(work, { recursive: true, force: true })
}

function javaOptions (heap: string): string[] {
  return [`-Xmx${heap}`, '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dlog4j2.level=ERROR', '-cp', join(jars, '*')]
}

function isRunnable (command: string, argument: string): boolean {
  try {
    execFileSync(command, [argument], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function answers (port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function main (): Promise<void> {
  const command = new Command('npm run kafka --')
    .description('one Kafka broker on this machine, for trying things; needs Java, and Maven the first time')
    .argument('[port]', 'where it listens, on 127.0.0.1 only', portNumber, 9092)
    .parse()
  const port = Number(command.processedArgs[0])
  if (await answers(port)) command.error(`Expected port ${port} to be free, got one in use\nFix: stop what listens there, or give another port: npm run kafka -- ${port + 1}`)
  const broker = await startKafka({ port })
  process.stdout.write(`Kafka ${version} answers on ${broker.address}; Ctrl+C stops it and deletes its data\n`)
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await broker.stop()
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main()
