# SPDX-License-Identifier: Apache-2.0
"""Hundreds of requests at once while a third of them fail in eight ways: with the SDKs' own retries nearly all come through, and
the ledger, which is compared afterwards, knows every attempt."""
import asyncio
import unittest

import anthropic
import openai

HI = [{"role": "user", "content": "say hi"}]
PATIENCE = 6  # tries of a stream, which the SDKs do not retry themselves


async def message(client, number):
    answer = await client.messages.create(model="claude-haiku-4-5", max_tokens=50, messages=HI, metadata={"user_id": f"u{number % 7}"})
    return answer.stop_reason == "end_turn"


async def streamed_message(client, _):
    async with client.messages.stream(model="claude-sonnet-4-6", max_tokens=50, messages=HI) as stream:
        return (await stream.get_final_message()).stop_reason == "end_turn"


async def chat(client, _):
    chunks = [chunk async for chunk in await client.chat.completions.create(
        model="gpt-4.1-mini", messages=HI, stream=True, stream_options={"include_usage": True})]
    return chunks[-1].usage.completion_tokens == 12


async def response(client, _):
    return (await client.responses.create(model="gpt-5.1", input="say hi")).status == "completed"


async def until_it_comes_through(call, client, number):
    for _ in range(PATIENCE):
        try:
            return await call(client, number)
        except (anthropic.AnthropicError, openai.OpenAIError, OSError):
            continue
        except Exception as error:  # of the libraries' HTTP client, which streams let through as they are
            if not type(error).__module__.startswith(("httpx", "httpcore")):
                raise
    return False


class StormTest(unittest.TestCase):
    def test_comes_through(self):
        async def everything():
            async with anthropic.AsyncAnthropic(timeout=60) as claude, openai.AsyncOpenAI(timeout=60) as gpt:
                kinds = ((message, claude), (streamed_message, claude), (chat, gpt), (response, gpt))
                return await asyncio.gather(*(until_it_comes_through(*kinds[number % 4], number) for number in range(400)))

        came_through = asyncio.run(everything())
        self.assertGreater(sum(came_through), 390)


if __name__ == "__main__":
    unittest.main()
