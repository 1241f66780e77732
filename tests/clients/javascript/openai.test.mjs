// SPDX-License-Identifier: Apache-2.0
// The OpenAI SDK for TypeScript through the gateway's OpenAI routes.
import assert from 'node:assert/strict';
import test from 'node:test';
import OpenAI from 'openai';
import { all, answersDuring, fault, refusedModel } from './simulator.mjs';

const model = 'gpt-4.1-mini';
const hi = { model, messages: [{ role: 'user', content: 'say hi' }] };
const text = 'Hello from the simulator.';
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
const call = 'USE_TOOL get_weather {"city": "Brest"}';
const client = new OpenAI();
const patient = new OpenAI({ maxRetries: 0 });

test('completes a chat', async () => {
  const answer = await client.chat.completions.create(hi);
  assert.ok(answer.choices[0].message.content.startsWith(text));
  assert.equal(answer.usage.completion_tokens, 12);
  assert.match(answer._request_id, /^req_/);
});

test('streams a chat, with its usage only where it asks', async () => {
  const chunks = await all(await client.chat.completions.create({ ...hi, stream: true, stream_options: { include_usage: true } }));
  assert.ok(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('').startsWith(text));
  assert.equal(chunks.at(-1).usage.completion_tokens, 12);
  const bare = await all(await client.chat.completions.create({ ...hi, stream: true }));
  assert.ok(bare.every((chunk) => chunk.choices.length === 1 && !chunk.usage));
});

test('goes a round with a tool', async () => {
  const messages = [{ role: 'user', content: call }];
  const tools = [{ type: 'function', function: { name: 'get_weather', parameters } }];
  const asked = (await client.chat.completions.create({ ...hi, messages, tools })).choices[0];
  assert.equal(asked.finish_reason, 'tool_calls');
  const [made] = asked.message.tool_calls;
  assert.deepEqual(JSON.parse(made.function.arguments), { city: 'Brest' });
  const told = await client.chat.completions.create({ ...hi, tools, messages: [...messages, asked.message, { role: 'tool', tool_call_id: made.id, content: '12' }] });
  assert.equal(told.choices[0].finish_reason, 'stop');
  const streamed = await client.chat.completions.stream({ ...hi, messages, tools }).finalChatCompletion();
  assert.equal(streamed.choices[0].message.tool_calls[0].function.name, 'get_weather');
});

test('answers a response and the next one', async () => {
  const first = await client.responses.create({ model: 'gpt-5.1', input: 'say hi' });
  assert.ok(first.output_text.startsWith(text));
  const second = await client.responses.create({ model: 'gpt-5.1', input: 'again', previous_response_id: first.id });
  assert.equal(second.usage.output_tokens, 12);
});

test('streams a response', async () => {
  const events = await all(await client.responses.create({ model: 'gpt-5.1', input: 'say hi', stream: true }));
  assert.equal(events.at(-1).type, 'response.completed');
  assert.equal(events.at(-1).response.usage.output_tokens, 12);
});

test('embeds texts and lists models', async () => {
  const answer = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['ebb', 'flood'] });
  assert.equal(answer.data.length, 2);
  assert.ok((await all(client.models.list())).some((listed) => listed.id === model));
});

test('raises the error of the status', async () => {
  const rows = [['400', OpenAI.BadRequestError, 400], ['401', OpenAI.AuthenticationError, 401], ['404', OpenAI.NotFoundError, 404],
    ['rate=1', OpenAI.RateLimitError, 429], ['500', OpenAI.InternalServerError, 500], ['529', OpenAI.InternalServerError, 529]];
  for (const [name, type, status] of rows) {
    await assert.rejects(patient.chat.completions.create({ ...hi, model: refusedModel('gpt', name) }, { headers: fault(name) }), (error) => error instanceof type && error.status === status, name);
  }
});

test('obeys retry-after', async () => {
  const once = new OpenAI({ maxRetries: 1 });
  const during = await answersDuring(() => assert.rejects(once.chat.completions.create({ ...hi, model: refusedModel('gpt', 'rate=2') }, { headers: fault('rate=2') }), OpenAI.RateLimitError));
  assert.equal(during.given(429), 2);
  assert.ok(during.seconds >= 1.95, `${during.seconds} s`);
});

test('hears of a stream that breaks off', async () => {
  for (const name of ['cut=2', 'reset_mid_stream=2', 'truncate=2']) {
    await assert.rejects(async () => all(await patient.chat.completions.create({ ...hi, stream: true }, { headers: fault(name) })), undefined, name);
    await assert.rejects(async () => all(await patient.responses.create({ model: 'gpt-5.1', input: 'hi', stream: true }, { headers: fault(name) })),
      undefined, `responses ${name}`);
  }
});

test('hears of an error in the middle of a stream', async () => {
  await assert.rejects(async () => all(await patient.chat.completions.create({ ...hi, stream: true }, { headers: fault('error_event') })));
});
