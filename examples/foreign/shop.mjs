// A service that knows nothing of the lab: orders in memory. node shop.mjs PORT
// TARGET_SLOTS requests are worked on at a time, TARGET_WORK_MS each; TARGET_TOKEN_SHA256 is whom it serves.
// TARGET_STALL_MS is a synchronous call in each order, as careless code makes it: meanwhile nobody accepts connections.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const port = Number(process.argv[2])
const slots = Number(process.env.TARGET_SLOTS ?? 40)
const workMs = Number(process.env.TARGET_WORK_MS ?? 20)
const stallMs = Number(process.env.TARGET_STALL_MS ?? 0)
const wanted = process.env.TARGET_TOKEN_SHA256 ?? ''

const stored = new Map()
const waiting = []
let busy = 0

const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

const nothing = new Int32Array(new SharedArrayBuffer(4))
const stall = () => stallMs && Atomics.wait(nothing, 0, 0, stallMs) // stands still without using the processor

async function work() {
  stall()
  if (busy >= slots) await new Promise((turn) => waiting.push(turn))
  else busy += 1
  await sleep(workMs)
  const next = waiting.shift()
  if (next) next()
  else busy -= 1
}

async function body(request) {
  let text = ''
  for await (const chunk of request) text += chunk
  return JSON.parse(text)
}

function answer(response, status, content) {
  const text = JSON.stringify(content)
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

function known(request) {
  const token = (request.headers.authorization ?? '').replace('Bearer ', '')
  return !wanted || createHash('sha256').update(token).digest('hex') === wanted
}

async function order(request, response) {
  if (!known(request)) return answer(response, 401, { error: 'who are you?' })
  const key = request.headers['idempotency-key']
  const { item } = await body(request)
  if (!key || !Number.isInteger(item)) return answer(response, 400, { error: 'an order needs a key and an item' })
  await work()
  if (!stored.has(key)) stored.set(key, stored.size + 1)
  answer(response, 200, { order: stored.get(key) })
}

async function route(request, response) {
  if (request.url === '/health') return answer(response, 200, { healthy: true })
  if (request.method === 'POST' && request.url === '/orders') return order(request, response)
  answer(response, 404, { error: 'no such thing' })
}

const server = createServer((request, response) =>
  route(request, response).catch((error) => answer(response, 400, { error: String(error) })),
)
server.keepAliveTimeout = 60_000 // longer than the lab's kept connections are idle
server.listen(port, '::') // both families on one IPv6 socket, as Node does it by default
process.on('SIGTERM', () => process.exit(0))
