// SPDX-License-Identifier: Apache-2.0
// LangChain's chat model for Anthropic; it carries an SDK of its own.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ChatAnthropic } from '@langchain/anthropic';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { z } from 'zod';
import { all, answersDuring, fault, refusedModel } from './simulator.mjs';

const options = { model: 'claude-haiku-4-5', maxTokens: 100, anthropicApiUrl: process.env.ANTHROPIC_BASE_URL };
const text = 'Hello from the simulator.';
const faulty = (name, more = {}) => new ChatAnthropic({ ...options, maxRetries: 0, ...more, clientOptions: { defaultHeaders: fault(name) } });

test('invokes a model', async () => {
  const answer = await new ChatAnthropic(options).invoke('say hi');
  assert.ok(answer.content.startsWith(text));
  assert.equal(answer.usage_metadata.output_tokens, 12);
});

test('streams a model', async () => {
  const chunks = await all(await new ChatAnthropic(options).stream('say hi'));
  assert.ok(chunks.length > 2);
  assert.ok(chunks.map((chunk) => chunk.text).join('').startsWith(text));
});

test('goes a round with a tool', async () => {
  const weather = tool(async () => '12 degrees', { name: 'get_weather', schema: z.object({ city: z.string() }) });
  const model = new ChatAnthropic(options).bindTools([weather]);
  const question = new HumanMessage('USE_TOOL get_weather {"city": "Brest"}');
  const asked = await model.invoke([question]);
  assert.deepEqual(asked.tool_calls.map((call) => [call.name, call.args]), [['get_weather', { city: 'Brest' }]]);
  const told = await model.invoke([question, asked, new ToolMessage({ tool_call_id: asked.tool_calls[0].id, content: '12 degrees' })]);
  assert.ok(told.text.startsWith(text));
});

test('raises an error of the provider', async () => {
  await assert.rejects(faulty('401').invoke('say hi'), (error) => error.status === 401);
  await assert.rejects(faulty('529').invoke('say hi'), (error) => error.status === 529);
});

test('obeys retry-after', async () => {
  const during = await answersDuring(() => assert.rejects(faulty('rate=1', { maxRetries: 1, model: refusedModel('claude', 'langchain') }).invoke('say hi')));
  assert.equal(during.given(429), 2);
  assert.ok(during.seconds >= 0.95, `${during.seconds} s`);
});

test('hears of a stream that breaks off', async () => {
  for (const name of ['cut=4', 'truncate=4', 'error_event']) {
    await assert.rejects(async () => all(await faulty(name).stream('say hi')), undefined, name);
  }
});
