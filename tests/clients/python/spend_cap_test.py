# SPDX-License-Identifier: Apache-2.0
"""An organisation's money is spent: a run of its own, because nothing goes out for any of its models afterwards."""
import unittest

import anthropic
from simulator import fault, stats

HI = [{"role": "user", "content": "say hi"}]


class SpendCapTest(unittest.TestCase):
    def test_hears_the_reason_once_and_then_that_no_model_has_capacity(self):
        with anthropic.Anthropic(timeout=60, max_retries=0) as client:
            with self.assertRaises(anthropic.RateLimitError) as raised:
                client.messages.create(model="claude-haiku-4-5", max_tokens=100, messages=HI, extra_headers=fault("tier_cap"))
            self.assertEqual(raised.exception.body["error"]["details"]["error_code"], "enforced_spend_limit_reached")
            self.assertNotIn("retry-after", raised.exception.response.headers)
            answered = sum(stats()["answers"].values())
            for model in ("claude-haiku-4-5", "claude-opus-5"):
                with self.assertRaises(anthropic.RateLimitError) as raised:
                    client.messages.create(model=model, max_tokens=100, messages=HI, extra_headers={"x-tidegate-max-wait": "0"})
                self.assertIn("spend_cap", str(raised.exception))
            self.assertEqual(sum(stats()["answers"].values()), answered, "the provider is not asked in vain")


if __name__ == "__main__":
    unittest.main()
