// Drives the simulated org with jsforce, a client that nobody here wrote.
//
//   CLIENTS=<folder with node_modules> node jsforce.mjs <url of the simulator>
//
// Everything it needs to log in it asks the simulator for. One JSON line per finished check, then
// {"done": true, ...}; exit 1 with the error at the first check that fails.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

const [url] = process.argv.slice(2);
const home = path.resolve(process.env.CLIENTS ?? '.');
const require = createRequire(path.join(home, 'package.json'));
const jsforce = require('jsforce');
const { version: packageVersion } = require('jsforce/package.json');
const version = '64.0';
const callOptions = { client: 'jsforce-check' };

const control = async (name, body, method = body ? 'POST' : 'GET') => {
  const answer = await fetch(`${url}/_sandbox/${name}`, {
    method,
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${name}: ${answer.status} ${await answer.clone().text()}`);
  return answer.status === 204 ? null : answer.json();
};

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

const logins = await control('logins');
const oauth2 = {
  loginUrl: url,
  clientId: logins.client_id,
  clientSecret: logins.client_secret,
};
const secret = logins.password + logins.security_token;
let conn;
let leads;

await check('login by client credentials', async () => {
  conn = new jsforce.Connection({ oauth2, version, callOptions, instanceUrl: url, loginUrl: url });
  await conn.authorize({ grant_type: 'client_credentials' });
  assert.equal(conn.instanceUrl, url);
  assert.equal((await conn.identity()).username, logins.username);
});

await check('login by user name and password over OAuth', async () => {
  const other = new jsforce.Connection({ oauth2, version });
  const who = await other.login(logins.username, secret);
  assert.match(who.id, /^005/);
  assert.equal((await other.query('SELECT Id FROM Lead LIMIT 1')).records.length, 1);
});

await check('login over SOAP', async () => {
  const other = new jsforce.Connection({ loginUrl: url, version });
  const who = await other.login(logins.username, secret);
  assert.match(who.organizationId, /^00D/);
  assert.equal((await other.query('SELECT Id FROM Lead LIMIT 1')).records.length, 1);
  const error = await refused(() => new jsforce.Connection({ loginUrl: url, version }).login('x', 'y'));
  assert.match(error.message, /Invalid username, password, security token/);
});

await check('login by a given token', async () => {
  const other = new jsforce.Connection({ accessToken: conn.accessToken, instanceUrl: url, version });
  assert.equal((await other.query('SELECT Id FROM Lead LIMIT 1')).records.length, 1);
});

await check('refresh token used by itself when the session ends', async () => {
  const { refresh_token: refreshToken } = await control('refresh_token', {});
  const other = new jsforce.Connection({
    oauth2, version, instanceUrl: url, accessToken: 'ended', refreshToken,
  });
  let renewed = 0;
  other.on('refresh', () => { renewed += 1; });
  assert.equal((await other.query('SELECT Id FROM Lead LIMIT 1')).records.length, 1);
  assert.equal(renewed, 1);
});

await check('query, page by page', async () => {
  const { totalSize } = await conn.query('SELECT COUNT() FROM Lead');
  leads = [];
  let pages = 1;
  const headers = { 'Sforce-Query-Options': 'batchSize=200' };
  const soql = 'SELECT Id, Email, SystemModstamp, Owner.Name FROM Lead ORDER BY Id';
  let page = await conn.query(soql, { headers });
  leads.push(...page.records);
  while (!page.done) {
    page = await conn.queryMore(page.nextRecordsUrl);
    leads.push(...page.records);
    pages += 1;
  }
  assert.equal(new Set(leads.map((lead) => lead.Id)).size, totalSize);
  assert.ok(pages > 1);
  assert.ok(leads.every((lead) => lead.Owner.Name));
  const fetched = await conn.query('SELECT Id FROM Lead', { autoFetch: true, maxFetch: 100000 });
  assert.equal(fetched.records.length, totalSize);
  return { rows: totalSize, pages };
});

await check('find, with conditions of the client', async () => {
  const [first] = leads;
  const found = await conn.sobject('Lead').find({ Id: first.Id }, ['Id', 'Email']);
  assert.deepEqual(found.map((row) => row.Email), [first.Email]);
});

await check('update a collection, read one result per record', async () => {
  const open = (await conn.query('SELECT Id FROM Lead WHERE IsConverted = false LIMIT 3')).records;
  const headers = { 'Sforce-Auto-Assign': 'FALSE' };
  const results = await conn.sobject('Lead').update(
    [
      { Id: open[0].Id, Title: 'Chief' },
      { Id: open[1].Id, Email: 'no mail' },
      { Id: open[2].Id, Title: 'Chief' },
    ],
    { allOrNone: false, headers },
  );
  assert.deepEqual(results.map((result) => result.success), [true, false, true]);
  assert.equal(results[1].errors[0].statusCode ?? results[1].errors[0].errorCode, 'INVALID_EMAIL_ADDRESS');
  const after = await conn.sobject('Lead').retrieve([open[0].Id, open[2].Id]);
  assert.deepEqual(after.map((row) => row.Title), ['Chief', 'Chief']);
});

await check('create, update and delete of one record', async () => {
  const made = await conn.sobject('Contact').create({ LastName: 'Kay' });
  assert.equal(made.success, true);
  const changed = await conn.sobject('Contact').update({ Id: made.id, Title: 'Boss' });
  assert.equal(changed.success, true);
  assert.equal((await conn.sobject('Contact').retrieve(made.id)).Title, 'Boss');
  assert.equal((await conn.sobject('Contact').destroy(made.id)).success, true);
  const error = await refused(() => conn.sobject('Contact').retrieve(made.id));
  assert.equal(error.errorCode, 'ENTITY_IS_DELETED');
});

await check('errors carry the code of the vendor', async () => {
  assert.equal((await refused(() => conn.query('SELECT Nope FROM Lead'))).errorCode, 'INVALID_FIELD');
  assert.equal((await refused(() => conn.query('SELECT FROM'))).errorCode, 'MALFORMED_QUERY');
  assert.equal((await refused(() => conn.sobject('Nothing').describe())).errorCode, 'NOT_FOUND');
});

await check('describe', async () => {
  const lead = await conn.sobject('Lead').describe();
  const status = lead.fields.find((field) => field.name === 'Status');
  assert.ok(status.updateable && status.picklistValues.length > 3);
  const { sobjects } = await conn.describeGlobal();
  assert.ok(sobjects.some((each) => each.name === 'OpportunityFieldHistory'));
  return { fields: lead.fields.length };
});

await check('limits and updated ids', async () => {
  assert.ok((await conn.limits()).DailyApiRequests.Remaining > 0);
  assert.ok(conn.limitInfo.apiUsage.limit > 0);
  const end = new Date(Date.now() + 120000);
  const start = new Date(Date.now() - 3600000);
  const { ids } = await conn.sobject('Lead').updated(start.toISOString(), end.toISOString());
  assert.ok(ids.length >= 2);
  const gone = await conn.sobject('Contact').deleted(start.toISOString(), end.toISOString());
  assert.equal(gone.deletedRecords.length, 1);
});

await check('Bulk 2.0 query', async () => {
  await control('settings', { bulk_queued_s: 0, bulk_running_s: 0 }, 'PUT');
  conn.bulk2.pollInterval = 50;
  conn.bulk2.pollTimeout = 10000;
  const rows = await (await conn.bulk2.query('SELECT Id, Email FROM Lead')).toArray();
  assert.equal(rows.length, leads.length);
});

await check('Bulk 2.0 update, with its failed rows', async () => {
  const open = (await conn.query('SELECT Id FROM Lead WHERE IsConverted = false LIMIT 2')).records;
  const result = await conn.bulk2.loadAndWaitForResults({
    object: 'Lead',
    operation: 'update',
    input: [{ Id: open[0].Id, Title: 'Bulk' }, { Id: open[1].Id, Title: 'x'.repeat(200) }],
  });
  assert.equal(result.successfulResults.length, 1);
  assert.equal(result.failedResults.length, 1);
  assert.match(result.failedResults[0].sf__Error, /^STRING_TOO_LONG:.* --$/);
});

await check('changes name the client', async () => {
  const origins = (await control('changes')).map((each) => each.ChangeEventHeader.changeOrigin);
  assert.ok(origins.includes(`com/salesforce/api/rest/${version};client=jsforce-check`));
});

console.log(JSON.stringify({ done: true, jsforce: packageVersion, node: process.version, passed: passed.length }));
