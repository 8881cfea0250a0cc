import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KafkajsClient } from '../../engine/publish/kafkajs-client.ts'
import type { Publisher, PublisherState } from '../../engine/publish/publisher.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'

const example = JSON.parse(readFileSync(new URL('../../schemas/examples/inspection/valid/good.json', import.meta.url), 'utf8')) as InspectionRecord

/** The `number`-th inspection of a line, not yet published. */
export function inspection (number: number, line = 'line-1'): InspectionRecord {
  return { ...example, line, eventId: `${line}-${number}`, frame: { ...example.frame, sequence: number }, times: { ...example.times, published: null } }
}

export function kafkaAt (port: number): KafkajsClient {
  return new KafkajsClient({ brokers: [`127.0.0.1:${port}`], clientId: 'goodparts-test' })
}

/** A key with its own certificate for 127.0.0.1, as a broker reads them, and the certificate alone, as a client does. */
export function makeCertificate (folder: string): { pemPath: string, certificatePath: string } {
  const [keyPath, certificatePath, pemPath] = ['key.pem', 'certificate.pem', 'broker.pem'].map((name) => join(folder, name)) as [string, string, string]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyPath, '-out', certificatePath], { stdio: 'pipe' })
  writeFileSync(pemPath, readFileSync(keyPath, 'utf8') + readFileSync(certificatePath, 'utf8'))
  return { pemPath, certificatePath }
}

/** Hands states on and lets a test wait for one. */
export class States {
  readonly seen: PublisherState[] = []
  #waiting: Array<{ wanted: (state: PublisherState) => boolean, resolve: (state: PublisherState) => void }> = []

  readonly listen = (state: PublisherState): void => {
    this.seen.push(state)
    this.#waiting = this.#waiting.filter(({ wanted, resolve }) => {
      if (!wanted(state)) return true
      resolve(state)
      return false
    })
  }

  async until (publisher: Publisher, wanted: (state: PublisherState) => boolean): Promise<PublisherState> {
    if (wanted(publisher.state)) return publisher.state
    return await new Promise((resolve) => { this.#waiting.push({ wanted, resolve }) })
  }
}

export const allDelivered = (state: PublisherState): boolean => state.connection === 'connected' && state.waiting === 0
