#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/openapi.yaml against a living Tidegate: every operation with what is right and what is wrong, every answer against its schema.

    tests/web/api_test.py TIDEGATE

Beyond its schema, an answer may have no member that the document does not name.
"""
import hmac
import http.client
import json
import sys
import tempfile
import time
import unittest
import urllib.parse
from pathlib import Path

import instance
import tools

try:
    import jsonschema
    import yaml
except ImportError as error:
    tools.skip(f"{error}; tools/install_dependencies --test brings it")

PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else ""
DOCUMENT = yaml.safe_load((tools.ROOT / "docs/openapi.yaml").read_text())
OPERATIONS = [(method, path, operation) for path, operations in DOCUMENT["paths"].items() for method, operation in operations.items()]

# What an operation needs to do well: a path's id, a query, a body.
RIGHT_IDS = {"/api/v1/tenants/{id}": "default"}
RIGHT_QUERIES = {"/api/v1/guard": {"max_requests": "100000"}}
RIGHT_BODIES = {
    ("post", "/api/v1/keys"): {"name": "from the test", "ttl": "1h", "budgets": ["2.00"], "models": ["claude-*"], "labels": {"team": "a"}},
    ("put", "/api/v1/keys/{id}"): {"requests_per_minute": 5, "priority": "batch"},
    ("put", "/api/v1/tenants/{id}"): {"name": "The team", "budgets": ["40.00/day"], "max_wait": "30s"},
    ("post", "/api/v1/reload"): {},
    ("post", "/api/v1/actions/{id}/run"): {"by": "ada"},
    ("post", "/api/v1/actions/{id}/return"): {"by": "ada"},
}
# Right values of parameters that are texts, by name; others are made from the schema.
RIGHT_TEXTS = {"since": ["1h", "24h", "90s"], "window": ["60s", "5m"], "by": ["model", "user,day", "hour", "minute,model"], "status": ["429", "5xx"],
               "max_errors": ["2%", "0.5"], "min_left": ["20%"]}
WRONG_TEXTS = {"since": ["soon", "-1h", ""], "window": ["60", "a minute", "99999h"], "by": ["prompt", "model,weather"], "status": ["ok", "600", "6xx"],
               "max_errors": ["200%", "few"], "min_left": ["2", "nan"]}


def resolved(node):
    """The document with every reference replaced by what it names."""
    if isinstance(node, list):
        return [resolved(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = DOCUMENT
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return resolved(target)
    return {name: resolved(one) for name, one in node.items()}


def unnamed(value, schema, path="") -> list:
    """Members of a value that its schema does not name."""
    if isinstance(value, list):
        return [found for one in value for found in unnamed(one, schema.get("items", {}), path + "[]")]
    if not isinstance(value, dict):
        return []
    named, free = {}, schema.get("additionalProperties")
    for part in [schema, *schema.get("allOf", [])]:
        named |= part.get("properties", {})
        for deeper in part.get("allOf", []):
            named |= deeper.get("properties", {})
    if not named and free is None and "allOf" not in schema:
        return []  # an object that the document leaves open
    out = []
    for name, one in value.items():
        if name in named:
            out += unnamed(one, named[name], f"{path}.{name}")
        elif free is None:
            out.append(f"{path}.{name}")
    return out


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.demo, cls.closed = cls.enterClassContext(instance.demo_and_closed(PROGRAM, Path(cls.folder.name)))
        cls.key = cls.send("post", "/api/v1/keys", body=RIGHT_BODIES["post", "/api/v1/keys"])[1]["id"]
        cls.request = cls.send("get", "/api/v1/requests")[1]["entries"][0]["request_id"]

    @classmethod
    def send(cls, method, path, query=None, body=None, fields=None, at=None):
        """Status and JSON (or text) of an answer; of an event stream the first event."""
        address = urllib.parse.urlsplit((at or cls.demo).dashboard)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        data = body if isinstance(body, (str, type(None))) else json.dumps(body)
        headers = {"content-type": "application/json"} if data is not None else {}
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        connection.request(method.upper(), target, data, headers | (fields or {}))
        answer = connection.getresponse()
        try:
            if answer.getheader("content-type", "").startswith("text/event-stream"):
                while not (line := answer.readline()).startswith(b"data: "):
                    pass
                return answer.status, json.loads(line[6:])
            text = answer.read().decode()
            return answer.status, json.loads(text) if answer.getheader("content-type", "").startswith("application/json") else text
        finally:
            connection.close()

    def target(self, path):
        known = {"/api/v1/keys/{id}": self.key, "/api/v1/requests/{id}": self.request} | RIGHT_IDS
        return path.replace("{id}", known.get(path, "none"))

    def is_known(self, method, path, operation):
        """Whether this test knows how to use an operation well: which id, which body."""
        return "none" not in self.target(path).split("/") and ("requestBody" not in operation or (method, path) in RIGHT_BODIES)

    def check(self, operation, status, answer, what):
        responses = resolved(operation["responses"])
        self.assertIn(str(status), responses, f"{what}: {status} is not described: {answer}")
        content = responses[str(status)].get("content", {})
        if "application/json" not in content:
            return
        schema = content["application/json"]["schema"]
        try:
            jsonschema.Draft202012Validator(schema).validate(answer)
        except jsonschema.ValidationError as error:
            self.fail(f"{what}: {error.json_path}: {error.message}")
        self.assertEqual(unnamed(answer, schema), [], what)

    def parameters(self, operation):
        return [one for one in resolved(operation.get("parameters", [])) if one["in"] == "query"]

    def test_every_operation_answers_as_described(self):
        for method, path, operation in sorted(OPERATIONS, key=lambda one: one[0] == "delete"):  # what is deleted is wanted before
            if not self.is_known(method, path, operation):
                continue
            with self.subTest(f"{method} {path}"):
                status, answer = self.send(method, self.target(path), RIGHT_QUERIES.get(path), RIGHT_BODIES.get((method, path)))
                self.assertIn(status, (200, 201, 422) if path.endswith("/reload") else (200, 201), answer)
                self.check(operation, status, answer, path)

    def test_every_right_value_of_a_parameter_is_taken(self):
        for method, path, operation in OPERATIONS:
            for one in self.parameters(operation):
                schema = one["schema"]
                values = RIGHT_TEXTS.get(one["name"]) if "enum" not in schema else schema["enum"]
                if schema.get("type") == "integer":
                    values = [schema["minimum"], schema.get("maximum", 10)]
                for value in values or ["something"]:
                    with self.subTest(f"{method} {path} {one['name']}={value}"):
                        status, answer = self.send(method, self.target(path), RIGHT_QUERIES.get(path, {}) | {one["name"]: value})
                        self.assertEqual(status, 200, answer)
                        self.check(operation, status, answer, path)

    def test_wrong_parameters_are_refused_in_words(self):
        for method, path, operation in OPERATIONS:
            parameters = self.parameters(operation)
            wrong = [("no_such_parameter", "1")] if parameters else []
            for one in parameters:
                schema = one["schema"]
                if "enum" in schema:
                    wrong.append((one["name"], "no-such-value"))
                elif schema.get("type") == "integer":
                    wrong += [(one["name"], value) for value in ("many", "", str(schema["minimum"] - 1))]
                else:
                    wrong += [(one["name"], value) for value in WRONG_TEXTS.get(one["name"], [])]
            for name, value in wrong:
                with self.subTest(f"{method} {path} {name}={value}"):
                    status, answer = self.send(method, self.target(path), RIGHT_QUERIES.get(path, {}) | {name: value})
                    self.assertEqual(status, 400, answer)
                    self.check(operation, status, answer, path)
                    said = answer["error"]["message"]
                    self.assertTrue(name in said or (value and value in said), said)

    def test_wrong_bodies_are_refused_in_words(self):
        for (method, path), body in RIGHT_BODIES.items():
            if not body:
                continue
            operation = DOCUMENT["paths"][path][method]
            for wrong in ("", "{", "[]", "null", json.dumps(body | {"no_such_member": 1}), json.dumps(body | {"budgets": ["much"]}),
                          json.dumps(body | {"budgets": 5})):
                with self.subTest(f"{method} {path} {wrong}"):
                    status, answer = self.send(method, self.target(path), body=wrong)
                    self.assertEqual(status, 400, answer)
                    self.check(operation, status, answer, path)

    def test_what_is_not_there_is_not_found(self):
        for method, path, operation in OPERATIONS:
            if "{id}" in path and "404" in operation["responses"] and ("requestBody" not in operation or (method, path) in RIGHT_BODIES):
                with self.subTest(f"{method} {path}"):
                    status, answer = self.send(method, path.replace("{id}", "no-such-thing"), body=RIGHT_BODIES.get((method, path)))
                    self.assertEqual(status, 404, answer)
                    self.check(operation, status, answer, path)

    def test_other_methods_are_refused(self):
        for path, operations in DOCUMENT["paths"].items():
            for method in {"get", "post", "put", "delete", "patch"} - set(operations):
                with self.subTest(f"{method} {path}"):
                    # Below {id} there may be paths of another name.
                    self.assertIn(self.send(method, self.target(path), body={})[0], (405, 404) if "{id}" in path else (405,))

    def test_without_the_token_nothing_is_told(self):
        for method, path, operation in OPERATIONS:
            is_open = operation.get("security") == [{}]
            if operation.get("security") is not None and not is_open:
                continue  # signed in another way
            for fields in ({}, {"authorization": "Bearer wrong"}, {"authorization": instance.TOKEN}):
                with self.subTest(f"{method} {path} {fields}"):
                    status, answer = self.send(method, self.target(path), body=RIGHT_BODIES.get((method, path)), fields=fields, at=self.closed)
                    self.assertEqual(status, 200 if is_open else 401, answer)
        status, answer = self.send("get", "/api/v1/status", fields={"authorization": "Bearer " + instance.TOKEN}, at=self.closed)
        self.assertEqual(status, 200, answer)

    def test_the_slash_command_is_signed(self):
        path, operation = "/slack/command", DOCUMENT["paths"]["/slack/command"]["post"]

        def ask(body, secret=instance.SIGNING, age=0, at=self.closed):
            sent = str(int(time.time()) - age)
            proof = "v0=" + hmac.new(secret.encode(), f"v0:{sent}:{body}".encode(), "sha256").hexdigest()
            fields = {"content-type": "application/x-www-form-urlencoded", "x-slack-signature": proof, "x-slack-request-timestamp": sent}
            status, answer = self.send("post", path, body=body, fields=fields, at=at)
            self.check(operation, status, answer, body)
            return status, answer

        for text, words in (("status", "Tidegate"), ("cost", "(UTC)"), ("forecast", ""), ("ack+none", "there is no alert none"), ("silence+none+5", "there is no alert none"),
                            ("scale", "action"), ("", "/tidegate status")):
            with self.subTest(text):
                status, answer = ask(f"user_id=U1&text={text}")
                self.assertEqual(status, 200, answer)
                self.assertIn(words, answer["text"])
        self.assertIn("U2", ask("user_id=U2&text=status")[1]["text"])
        self.assertEqual(ask("user_id=U1&text=status&n=1", secret="another")[0], 401)
        self.assertEqual(ask("user_id=U1&text=status&n=2", age=400)[0], 401)
        self.assertEqual(ask("user_id=U1&text=%zz")[0], 400)
        self.assertEqual(ask("user_id=U1&text=status", at=self.demo)[0], 404)

    def test_no_other_site_changes_anything(self):
        for method, path, operation in OPERATIONS:
            if method == "get" or operation.get("security") is not None:
                continue
            body = RIGHT_BODIES.get((method, path))
            for fields in ({"origin": "http://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
                with self.subTest(f"{method} {path} {fields}"):
                    self.assertEqual(self.send(method, self.target(path), body=body, fields=fields)[0], 403)
            if method == "post":
                self.assertEqual(self.send(method, path, body=json.dumps(body), fields={"content-type": "text/plain"})[0], 415)


if __name__ == "__main__":
    unittest.main()
