// SPDX-License-Identifier: Apache-2.0
// What the client tests ask the simulator itself, past the gateway.

export async function stats() {
  const answer = await fetch(process.env.SIM_URL + '/sim/stats');
  return answer.json();
}

/** Runs `work` and tells how often the provider answered each status meanwhile, and how many seconds it took. */
export async function answersDuring(work) {
  const before = (await stats()).answers;
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  const after = (await stats()).answers;
  return { seconds, given: (status) => (after[status] ?? 0) - (before[status] ?? 0) };
}

/** The request header that makes the simulator fail. */
export const fault = (text) => ({ 'x-sim-fault': text, 'x-tidegate-max-wait': '0' });
// A refused pool stays closed for as long as the provider said: what is refused has a model, and so a pool, of its own.
export const refusedModel = (vendor, name) => `${vendor}-refused-${name.replace(/\W/g, '-')}`;

/** All of an async iterable. */
export async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}
