// Drives the simulated account with @hubspot/api-client, HubSpot's own client for Node.
//
//   CLIENTS=<folder with node_modules> node hubspot.mjs <url> <token> <client id> <secret> <refresh token>
//
// One JSON line per finished check, then {"done": true, ...}; exit 1 with the error at the first
// check that fails.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

const [url, token, clientId, clientSecret, refreshToken] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(process.env.CLIENTS ?? '.'), 'package.json'));
const hubspot = require('@hubspot/api-client');
const { version } = require('@hubspot/api-client/package.json');

const passed = [];
const check = async (name, act) => {
  const more = await act();
  passed.push(name);
  console.log(JSON.stringify({ check: name, ...more }));
};

const refused = async (act) => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was refused');
};

let client;
let contacts;

await check('login by refresh token', async () => {
  const stranger = new hubspot.Client({ basePath: url });
  const made = await stranger.oauth.tokensApi.create(
    'refresh_token', undefined, undefined, clientId, clientSecret, refreshToken,
  );
  assert.equal(made.expiresIn, 1800);
  client = new hubspot.Client({ accessToken: made.accessToken, basePath: url });
  assert.equal((await client.crm.contacts.basicApi.getPage(1)).results.length, 1);
  const error = await refused(() => stranger.oauth.tokensApi.create(
    'refresh_token', undefined, undefined, clientId, clientSecret, 'not a token',
  ));
  assert.equal(error.code, 400);
});

await check('login by a static token', async () => {
  const other = new hubspot.Client({ accessToken: token, basePath: url });
  assert.equal((await other.crm.contacts.basicApi.getPage(1)).results.length, 1);
  const stranger = new hubspot.Client({ accessToken: 'pat-eu1-unknown-token', basePath: url });
  assert.equal((await refused(() => stranger.crm.contacts.basicApi.getPage(1))).code, 401);
});

await check('page by page', async () => {
  contacts = await client.crm.contacts.getAll(20, undefined, ['email', 'lifecyclestage']);
  assert.equal(new Set(contacts.map((each) => each.id)).size, contacts.length);
  assert.ok(contacts.length > 20);
  return { contacts: contacts.length };
});

await check('search', async () => {
  const { email } = contacts.find((each) => each.properties.email).properties;
  const found = await client.crm.contacts.searchApi.doSearch({
    filterGroups: [{ filters: [{ propertyName: 'email', operator: 'EQ', value: email }] }],
    sorts: ['lastmodifieddate'],
    properties: ['email'],
    limit: 10,
    after: '0',
  });
  assert.equal(found.total, found.results.length);
  assert.ok(found.results.every((each) => each.properties.email === email));
});

await check('batch update, batch read with history', async () => {
  const ids = contacts.slice(0, 3).map((each) => each.id).sort();
  const updated = await client.crm.contacts.batchApi.update({
    inputs: ids.map((id) => ({ id, properties: { jobtitle: 'Chief' } })),
  });
  assert.deepEqual(updated.results.map((each) => each.id).sort(), ids);
  const read = await client.crm.contacts.batchApi.read({
    inputs: ids.map((id) => ({ id })), properties: ['jobtitle'], propertiesWithHistory: ['jobtitle'],
  });
  assert.ok(read.results.every((each) => each.properties.jobtitle === 'Chief'));
  assert.equal(read.results[0].propertiesWithHistory.jobtitle[0].sourceType, 'INTEGRATION');
  assert.ok(read.results[0].createdAt instanceof Date);
});

await check('a partial batch names the missing id', async () => {
  const answer = await client.crm.contacts.batchApi.update({
    inputs: [contacts[0].id, '404404'].map((id) => ({ id, properties: { jobtitle: 'Head' } })),
  });
  assert.equal(answer.results.length, 1);
  assert.equal(answer.numErrors, 1);
  assert.deepEqual(answer.errors[0].context, { ids: ['404404'] });
});

await check('create, read, archive', async () => {
  const made = await client.crm.contacts.basicApi.create({
    properties: { email: 'node@client.example' }, associations: [],
  });
  const read = await client.crm.contacts.basicApi.getById(made.id, ['email', 'lifecyclestage']);
  assert.equal(read.properties.email, 'node@client.example');
  await client.crm.contacts.basicApi.archive(made.id);
  assert.equal((await refused(() => client.crm.contacts.basicApi.getById(made.id))).code, 404);
});

await check('errors carry the category of the vendor', async () => {
  const error = await refused(() => client.crm.contacts.basicApi.update(
    contacts[0].id, { properties: { lifecyclestage: 'no such stage' } },
  ));
  assert.equal(error.code, 400);
  assert.equal(error.body.category, 'VALIDATION_ERROR');
  assert.match(JSON.stringify(error.body), /INVALID_OPTION/);
});

await check('properties, pipelines, owners, associations', async () => {
  const stage = await client.crm.properties.coreApi.getByName('contacts', 'lifecyclestage');
  assert.ok(stage.options.some((each) => each.value === 'customer'));
  assert.ok((await client.crm.pipelines.pipelinesApi.getAll('deals')).results.length > 0);
  assert.ok((await client.crm.owners.ownersApi.getPage()).results[0].email);
  const answer = await client.crm.associations.v4.batchApi.getPage('contacts', 'companies', {
    inputs: contacts.map((each) => ({ id: each.id })),
  });
  assert.ok(answer.results.some((each) => each.to.length > 0));
});

console.log(JSON.stringify({
  done: true, '@hubspot/api-client': version, node: process.version, passed: passed.length,
}));
