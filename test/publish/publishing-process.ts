/** Publishes some records as a line would, for the test that reads what this process prints: nothing. */
import { Publisher, inspectionMessage } from '../../engine/publish/publisher.ts'
import { Spool } from '../../engine/store/spool.ts'
import { inspection, kafkaAt } from './fixtures.ts'

const [port = '', path = '', count = ''] = process.argv.slice(2)
const publisher = new Publisher({ name: 'quiet', spool: new Spool({ path }), client: kafkaAt(Number(port)) })
for (let number = 0; number < Number(count); number++) await publisher.publish(inspectionMessage(inspection(number), 'quiet'))
await publisher.close()
