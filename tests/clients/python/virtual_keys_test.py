# SPDX-License-Identifier: Apache-2.0
"""`auth: virtual`: only keys that `tidegate keys create` made are served, from the moment they are made until they are revoked."""
import os
import subprocess
import unittest

import anthropic
import openai
from simulator import stats

REQUEST = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "say hi"}]}
SOON = 60  # seconds within which a running gateway must have learned of a change; usually it is one


def keys(*arguments):
    done = subprocess.run([os.environ["TIDEGATE"], "keys", *arguments, "--ledger", os.environ["LEDGER"]], check=True, timeout=SOON,
                          capture_output=True, text=True)
    return done.stdout


def create_key(name, *arguments):
    """The key itself, which stands on a line of its own or at the end of one."""
    words = keys("create", "--name", name, "--tenant", "red", *arguments).split()
    return next(word for word in words if word.startswith("tg_") and len(word) > 20)


def ask(key=None, token=None, **options):
    with anthropic.Anthropic(api_key=key, auth_token=token, timeout=SOON, max_retries=0) as client:
        return client.messages.create(**(REQUEST | options))


def ask_until(expected, key):
    """Asks until the gateway has learned of the key's new state; the time limit of the test bounds it."""
    while True:
        try:
            ask(key)
            state = "served"
        except anthropic.AuthenticationError:
            state = "refused"
        if state == expected:
            return


class VirtualKeysTest(unittest.TestCase):
    def test_serves_a_key_in_whichever_header_it_comes_and_in_both_dialects(self):
        key = create_key("whole")
        ask_until("served", key)
        self.assertEqual(ask(token=key).stop_reason, "end_turn")
        with openai.OpenAI(api_key=key, timeout=SOON) as client:
            answer = client.chat.completions.create(model="gpt-4.1-mini", messages=REQUEST["messages"])
        self.assertEqual(answer.choices[0].finish_reason, "stop")

    def test_refuses_who_has_none_without_asking_the_provider(self):
        before = stats()["served"]
        for key in ("sk-ant-anything", "tg_red_" + "x" * 40):
            with self.assertRaises(anthropic.AuthenticationError) as raised:
                ask(key)
            self.assertEqual(raised.exception.body["error"]["type"], "authentication_error")
        with self.assertRaises(openai.AuthenticationError), openai.OpenAI(api_key="sk-anything", max_retries=0) as client:
            client.models.list()
        self.assertEqual(stats()["served"], before)

    def test_keeps_a_key_to_its_models(self):
        key = create_key("small models", "--models", "claude-haiku-*")
        ask_until("served", key)
        with self.assertRaises(anthropic.PermissionDeniedError) as raised:
            ask(key, model="claude-opus-5-5")
        self.assertEqual(raised.exception.response.headers["x-should-retry"], "false")

    def test_refuses_a_key_that_was_revoked(self):
        key = create_key("short-lived")
        ask_until("served", key)
        ident = next(line.split()[0] for line in keys("list").splitlines() if "short-lived" in line)
        keys("revoke", ident)
        ask_until("refused", key)


if __name__ == "__main__":
    unittest.main()
