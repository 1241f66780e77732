// SPDX-License-Identifier: Apache-2.0
// The Vercel AI SDK with its Anthropic and its OpenAI-compatible provider. Its base URLs contain /v1.
import assert from 'node:assert/strict';
import test from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateObject, generateText, isStepCount, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import { answersDuring, fault, refusedModel } from './simulator.mjs';

const anthropic = createAnthropic({ baseURL: process.env.ANTHROPIC_BASE_URL + '/v1', apiKey: 'client-key' });
const compatible = createOpenAICompatible({ name: 'gateway', baseURL: process.env.OPENAI_BASE_URL, apiKey: 'client-key', includeUsage: true });
const models = { anthropic: anthropic('claude-haiku-4-5'), compatible: compatible('gpt-4.1-mini') };
const refused = { anthropic: anthropic(refusedModel('claude', 'vercel')), compatible: compatible(refusedModel('gpt', 'vercel')) };
const text = 'Hello from the simulator.';
const after = (steps) => (isStepCount ?? stepCountIs)(steps);

for (const [name, model] of Object.entries(models)) {
  test(`${name}: generates a text`, async () => {
    const answer = await generateText({ model, prompt: 'say hi' });
    assert.ok(answer.text.startsWith(text));
    assert.equal(answer.usage.outputTokens, 12);
  });

  test(`${name}: streams a text`, async () => {
    const answer = streamText({ model, prompt: 'say hi' });
    let heard = '';
    for await (const piece of answer.textStream) heard += piece;
    assert.ok(heard.startsWith(text));
    assert.equal(await answer.finishReason, 'stop');
    assert.equal((await answer.usage).outputTokens, 12);
  });

  test(`${name}: goes a round with a tool`, async () => {
    const asked = [];
    const tools = {
      get_weather: tool({ inputSchema: z.object({ city: z.string() }), execute: async ({ city }) => (asked.push(city), '12 degrees') }),
    };
    const answer = await generateText({ model, tools, stopWhen: after(3), prompt: 'USE_TOOL get_weather {"city": "Brest"}' });
    assert.deepEqual(asked, ['Brest']);
    assert.ok(answer.text.startsWith(text));
    assert.equal(answer.steps.length, 2);
  });

  test(`${name}: raises an error of the provider`, async () => {
    await assert.rejects(generateText({ model, prompt: 'say hi', maxRetries: 0, headers: fault('401') }),
      (error) => APICallError.isInstance(error) && error.statusCode === 401);
  });

  test(`${name}: obeys retry-after`, async () => {
    const during = await answersDuring(() => assert.rejects(generateText({ model: refused[name], prompt: 'say hi', maxRetries: 1, headers: fault('rate=1') })));
    assert.equal(during.given(429), 2);
    assert.ok(during.seconds >= 0.95, `${during.seconds} s`);
  });

  for (const broken of ['cut=4', 'truncate=4', 'error_event']) {
    test(`${name}: hears of a stream with ${broken}`, async () => {
      const parts = [];
      const answer = streamText({ model, prompt: 'say hi', maxRetries: 0, headers: fault(broken), onError: () => {} });
      try {
        for await (const part of answer.fullStream) parts.push(part.type);
      } catch {
        return;  // a broken connection is thrown, an error event is a part
      }
      assert.ok(parts.includes('error'), parts.join(' '));
    });
  }
}

test('anthropic: streams its reasoning', async () => {
  const answer = streamText({
    model: models.anthropic, prompt: 'say hi', maxOutputTokens: 4000,
    providerOptions: { anthropic: { thinking: { type: 'enabled', budgetTokens: 1024 } } },
  });
  assert.match(await answer.reasoningText, /^Thinking/);
});

test('anthropic: generates an object', async () => {
  const { object } = await generateObject({ model: models.anthropic, prompt: 'a tide', schema: z.object({ metres: z.number() }) });
  assert.equal(typeof object.metres, 'number');
});
