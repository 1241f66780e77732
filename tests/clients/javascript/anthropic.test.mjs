// SPDX-License-Identifier: Apache-2.0
// The Anthropic SDK for TypeScript, either major: `node anthropic.test.mjs PACKAGE`. What it sends must come through, and what
// comes back must be understood.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { all, answersDuring, fault, refusedModel, stats } from './simulator.mjs';

const packageName = process.argv[2] ?? '@anthropic-ai/sdk';
const { default: Anthropic } = await import(packageName);
const isOld = packageName === 'anthropic-sdk-old';

const model = 'claude-haiku-4-5';
const hi = { model, max_tokens: 100, messages: [{ role: 'user', content: 'say hi' }] };
const text = 'Hello from the simulator.';
const weather = {
  name: 'get_weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const client = new Anthropic();
const patient = new Anthropic({ maxRetries: 0 });

test('creates a message', async () => {
  const answer = await client.messages.create(hi);
  assert.ok(answer.content[0].text.startsWith(text));
  assert.equal(answer.usage.output_tokens, 12);
  assert.match(answer._request_id, /^req_/);
});

test("sees the provider's headers", async () => {
  const { data, response } = await client.messages.create(hi).withResponse();
  for (const name of ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-input-tokens-reset', 'request-id']) {
    assert.ok(response.headers.get(name), name);
  }
  assert.equal(data.stop_reason, 'end_turn');
});

test('streams raw events', async () => {
  const types = (await all(await client.messages.create({ ...hi, stream: true }))).map((event) => event.type);
  assert.equal(types[0], 'message_start');
  assert.equal(types.at(-1), 'message_stop');
  assert.ok(types.filter((type) => type === 'content_block_delta').length > 1);
});

test('streams with the helper', async () => {
  let heard = '';
  const stream = client.messages.stream(hi).on('text', (piece) => (heard += piece));
  const final = await stream.finalMessage();
  assert.ok(heard.startsWith(text));
  assert.equal(final.usage.output_tokens, 12);
});

test('streams thinking', async () => {
  const stream = client.messages.stream({ ...hi, max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 1024 } });
  const types = new Set((await all(stream)).filter((event) => event.delta).map((event) => event.delta.type));
  for (const type of ['thinking_delta', 'signature_delta', 'text_delta']) assert.ok(types.has(type), type);
  assert.deepEqual((await stream.finalMessage()).content.map((block) => block.type), ['thinking', 'text']);
});

test('goes a round with a tool', async () => {
  const messages = [{ role: 'user', content: 'USE_TOOL get_weather {"city": "Brest"}' }];
  for (const streamed of [false, true]) {
    const request = { ...hi, messages, tools: [weather] };
    const asked = streamed ? await client.messages.stream(request).finalMessage() : await client.messages.create(request);
    assert.equal(asked.stop_reason, 'tool_use');
    const call = asked.content.at(-1);
    assert.deepEqual([call.name, call.input], ['get_weather', { city: 'Brest' }]);
    const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '12 degrees' }] };
    const told = await client.messages.create({ ...request, messages: [...messages, { role: 'assistant', content: asked.content }, result] });
    assert.equal(told.stop_reason, 'end_turn');
  }
});

test('counts tokens', async () => {
  const { max_tokens, ...countable } = hi;
  assert.equal((await client.messages.countTokens(countable)).input_tokens, 5);
  assert.equal((await client.beta.messages.countTokens(countable)).input_tokens, 5);
});

test('lists and retrieves models', async () => {
  const ids = (await all(client.models.list({ limit: 1000 }))).map((listed) => listed.id);
  assert.ok(ids.includes(model));
  assert.equal((await client.models.retrieve(model)).id, model);
});

test('runs a batch to its results through the gateway', async () => {
  const batch = await client.messages.batches.create({ requests: [{ custom_id: 'one', params: hi }] });
  const ended = await client.messages.batches.retrieve(batch.id);
  assert.ok(ended.results_url.startsWith(process.env.ANTHROPIC_BASE_URL + '/v1/'), ended.results_url);
  const results = await all(await client.messages.batches.results(batch.id));
  assert.deepEqual(results.map((result) => [result.custom_id, result.result.type]), [['one', 'succeeded']]);
});

test('uploads, downloads and deletes a file', async () => {
  const file = path.join(process.env.WORK_DIR, 'tide table.txt');
  await writeFile(file, Buffer.from('high\r\n\0low'.repeat(5000)));
  const files = client.beta.files;
  const uploaded = await files.upload({ file: createReadStream(file) });
  assert.equal(uploaded.size_bytes, 50000);
  const content = Buffer.from(await (await files.download(uploaded.id)).arrayBuffer());
  assert.deepEqual(content, await readFile(file));
  assert.equal((await files.delete(uploaded.id)).id, uploaded.id);
});

test('raises the error of the status', async () => {
  const rows = [['400', Anthropic.BadRequestError, 400], ['401', Anthropic.AuthenticationError, 401], ['403', Anthropic.PermissionDeniedError, 403],
    ['404', Anthropic.NotFoundError, 404], ['rate=1', Anthropic.RateLimitError, 429], ['500', Anthropic.InternalServerError, 500],
    ['529', Anthropic.APIError, 529]];
  for (const [name, type, status] of rows) {
    await assert.rejects(patient.messages.create({ ...hi, model: refusedModel('claude', name) }, { headers: fault(name) }), (error) => error instanceof type && error.status === status, name);
  }
});

test('obeys retry-after', async () => {
  const once = new Anthropic({ maxRetries: 1 });
  const during = await answersDuring(() => assert.rejects(once.messages.create({ ...hi, model: refusedModel('claude', 'rate=2') }, { headers: fault('rate=2') }), Anthropic.RateLimitError));
  assert.equal(during.given(429), 2);
  assert.ok(during.seconds >= 1.95, `${during.seconds} s`);
});

test('hears of a stream that breaks off', async () => {
  for (const name of ['cut=4', 'reset_mid_stream=4', 'truncate=4']) {
    await assert.rejects(async () => all(await patient.messages.create({ ...hi, stream: true }, { headers: fault(name) })), undefined, name);
    await assert.rejects(patient.messages.stream(hi, { headers: fault(name) }).finalMessage(), undefined, name);
  }
});

test('hears of an error in the middle of a stream', async () => {
  await assert.rejects(async () => all(await patient.messages.create({ ...hi, stream: true }, { headers: fault('error_event') })), /Overloaded/);
});

test('hears of an answer that is cut short', async () => {
  await assert.rejects(patient.messages.create(hi, { headers: fault('short_body') }));
});

test('cancels the provider when it leaves a stream', async () => {
  const before = (await stats()).cancelled;
  const headers = { 'x-sim-event-delay-ms': '50', 'x-sim-output-tokens': '100' };
  for await (const _ of await patient.messages.create({ ...hi, stream: true }, { headers })) break;
  while ((await stats()).in_flight > 0);  // bounded by the time limit of the test
  assert.equal((await stats()).cancelled, before + 1);
});

test('sends what its major sends', async () => {
  let sent;
  const spying = new Anthropic({ fetch: (url, init) => ((sent = new Headers(init.headers)), fetch(url, init)) });
  await spying.messages.create(hi);
  assert.equal(sent.has('x-api-key'), isOld);
  assert.equal(sent.has('authorization'), !isOld);
  assert.equal(sent.get('anthropic-version'), isOld ? '2023-06-01' : '2026-10-21');
});
