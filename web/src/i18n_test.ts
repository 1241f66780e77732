// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, kLanguages, speaker, wordOf, type MessageKey } from "./i18n";

const english = kLanguages[0].messages;

test("every key is there in every language, and says something", () => {
  const keys = Object.keys(english).sort();
  for (const { id, messages } of kLanguages) {
    assert.deepEqual(Object.keys(messages).sort(), keys, id);
    for (const [key, text] of Object.entries(messages)) assert.notEqual(text.trim(), "", `${id} ${key}`);
  }
});

test("a message has the same places for values in every language", () => {
  const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
  for (const { id, messages } of kLanguages) {
    for (const key of Object.keys(english) as MessageKey[]) assert.deepEqual(places(messages[key]), places(english[key]), `${id} ${key}`);
  }
});

test("the two writings of Chinese are not mixed up", () => {
  const traditional = kLanguages.find((one) => one.id === "zh-TW")!.messages,
    simplified = kLanguages.find((one) => one.id === "zh-CN")!.messages;
  for (const [key, text] of Object.entries(traditional)) assert.doesNotMatch(text, /[请错误输缓钥设语间预测览还没队进这钟额应时费]/, key);
  for (const [key, text] of Object.entries(simplified)) assert.doesNotMatch(text, /[請錯誤輸緩鑰設語間預測覽還沒隊進這鐘額應時費]/, key);
});

test("values take their places, and nothing else does", () => {
  assert.equal(speaker("en")("now.errors", { count: "7" }), "7 errors");
  assert.equal(speaker("zh-TW")("now.errors", { count: "7" }), "7 個錯誤");
  assert.equal(speaker("en")("now.errors"), "{count} errors");
});

test("the page speaks the reader's language", () => {
  assert.equal(choose(["de-DE", "en-GB"]), "en");
  assert.equal(choose(["zh-Hant-HK", "en"]), "zh-TW");
  assert.equal(choose(["zh-TW"]), "zh-TW");
  assert.equal(choose(["zh-CN"]), "zh-CN");
  assert.equal(choose(["zh"]), "zh-CN");
  assert.equal(choose([]), "en");
});

test("words of the API that the page does not know stay readable", () => {
  assert.equal(wordOf("en", "some_new_thing"), "some new thing");
  assert.equal(wordOf("zh-CN", "input_tokens"), "输入 token");
});
