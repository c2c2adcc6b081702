// Uses Microsoft's client of Microsoft Graph as programs do. Prints "ok STEP" or "not ok STEP: REASON" for each step, and "end".
import assert from 'node:assert/strict';
import {
  BatchRequestContent, BatchResponseContent, Client, GraphError, LargeFileUploadTask, PageIterator, ResponseType,
} from '@microsoft/microsoft-graph-client';

const { BASE_URL, TENANT, CLIENT_ID, CLIENT_SECRET, USER_NAME, CONTROL_TOKEN } = process.env;
const home = `/users/${USER_NAME}`;
const immutable = { Prefer: 'IdType="ImmutableId"' };

let token;
const signIn = async () => {
  const answer = await fetch(`${BASE_URL}/${TENANT}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, scope: 'https://graph.microsoft.com/.default' }),
  });
  assert.equal(answer.status, 200);
  token = (await answer.json()).access_token;
};
const graph = Client.init({ baseUrl: BASE_URL, customHosts: new Set([new URL(BASE_URL).hostname]), authProvider: (done) => done(null, token) });
const bare = Client.init({ baseUrl: BASE_URL, authProvider: (done) => done(null, token) }); // takes the host for a strange one, and sends it no token
const control = async (path, body) => {
  const answer = await fetch(`${BASE_URL}/__sim/${path}`, { method: body ? 'POST' : 'GET', body: body && JSON.stringify(body), headers: { 'X-Sim-Token': CONTROL_TOKEN } });
  assert.equal(answer.status, 200, path);
  return answer.json();
};
const failing = async (status, code, promise) => {
  try {
    await promise;
  } catch (e) {
    assert.ok(e instanceof GraphError, String(e.stack));
    assert.equal(`${e.statusCode} ${e.code}`, `${status} ${code}`, e.message);
    assert.ok(e.requestId && e.date instanceof Date && !Number.isNaN(e.date.getTime()), `request ${e.requestId}, date ${e.date}`);
    return e;
  }
  throw new Error(`not refused with ${code}`);
};
const berlin = (dateTime) => ({ dateTime, timeZone: 'Europe/Berlin' });
const event = (subject, day, more) => ({ subject, start: berlin(`${day}T10:00:00`), end: berlin(`${day}T11:00:00`), ...more });
const all = async (first, headers) => {
  const rows = [];
  const pages = new PageIterator(graph, first, (row) => { rows.push(row); return true; }, { headers });
  await pages.iterate();
  assert.ok(pages.isComplete());
  return { rows, deltaLink: pages.getDeltaLink() };
};
const byId = (rows) => new Map(rows.map((row) => [row.id, row])); // as a program that takes repeated rows

const steps = {
  async 'signs in'() {
    await signIn();
    const calendars = await graph.api(`${home}/calendars`).select('id,name,isDefaultCalendar').get();
    assert.deepEqual(calendars.value.map((c) => c.name), ['Calendar']);
    token = 'nonsense';
    await failing(401, 'InvalidAuthenticationToken', graph.api(`${home}/calendars`).get());
    await signIn();
  },
  async 'creates, reads, changes, deletes'() {
    const made = await graph.api(`${home}/events`).headers(immutable).post(event('Grüße 日本', '2027-01-15', { body: { contentType: 'text', content: 'a\n<b>' }, transactionId: 'one' }));
    assert.equal((await graph.api(`${home}/events`).headers(immutable).post(event('Grüße 日本', '2027-01-15', { body: { contentType: 'text', content: 'a\n<b>' }, transactionId: 'one' }))).id, made.id);
    const one = graph.api(`${home}/events/${made.id}`);
    const read = await one.headers({ Prefer: 'IdType="ImmutableId", outlook.timezone="Pacific Standard Time", outlook.body-content-type="text"' }).select(['subject', 'body', 'start']).get();
    assert.deepEqual([read.subject, read.body, read.start], ['Grüße 日本', { contentType: 'text', content: 'a\r\n<b>' },
      { dateTime: '2027-01-15T01:00:00.0000000', timeZone: 'Pacific Standard Time' }]);
    const changed = await graph.api(`${home}/events/${made.id}`).headers({ ...immutable, 'If-Match': made['@odata.etag'] }).patch({ subject: 'Changed' });
    assert.notEqual(changed['@odata.etag'], made['@odata.etag']);
    await failing(412, 'ErrorIrresolvableConflict', graph.api(`${home}/events/${made.id}`).headers({ ...immutable, 'If-Match': made['@odata.etag'] }).patch({ subject: 'Lost' }));
    await failing(400, 'RequestBodyRead', graph.api(`${home}/events/${made.id}`).headers(immutable).patch({ title: 'x' }));
    assert.equal(await graph.api(`${home}/events/${made.id}`).headers(immutable).delete(), undefined);
    await failing(404, 'ErrorItemNotFound', graph.api(`${home}/events/${made.id}`).headers(immutable).get());
  },
  async 'reads pages'() {
    for (let i = 0; i < 23; i += 1) await graph.api(`${home}/events`).post(event(`page ${i}`, '2027-02-01'));
    const first = await graph.api(`${home}/events`).filter("startswith(subject,'page')").select('subject').orderby('subject').top(5).get();
    assert.equal(first.value.length, 5);
    const { rows } = await all(first);
    assert.equal(rows.length, 23);
    assert.equal(byId(rows).size, 23);
    assert.equal(rows[0].subject, 'page 0');
    assert.equal((await graph.api(`${home}/events`).count(true).top(1).get())['@odata.count'], 23);
    const view = await graph.api(`${home}/calendarView`).query({ startDateTime: '2027-02-01T00:00:00Z', endDateTime: '2027-02-02T00:00:00Z' }).get();
    assert.equal((await all(view)).rows.length, 23);
  },
  async 'works in batches'() {
    const request = (url, init) => ({ id: url.id, request: new Request(`${BASE_URL}${url.path}`, init), dependsOn: url.after });
    const json = (method, body) => ({ method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
    const content = new BatchRequestContent([
      request({ id: 'make', path: `${home}/events` }, json('POST', event('batched', '2027-03-01'))),
      request({ id: 'find', path: `${home}/events?$filter=subject eq 'batched'`, after: ['make'] }, { method: 'GET', headers: immutable }),
      request({ id: 'miss', path: `${home}/events/nothing`, after: ['find'] }, { method: 'GET' }),
      request({ id: 'late', path: `${home}/events`, after: ['miss'] }, json('POST', event('never', '2027-03-01'))),
    ]);
    const answers = new BatchResponseContent(await graph.api('/$batch').post(await content.getContent()));
    const got = Object.fromEntries([...answers.getResponses()].map(([id, answer]) => [id, answer.status]));
    assert.deepEqual(got, { make: 201, find: 200, miss: 400, late: 424 });
    const found = await answers.getResponseById('find').json();
    assert.deepEqual(found.value.map((e) => e.subject), ['batched']);
    assert.equal((await answers.getResponseById('miss').json()).error.code, 'ErrorInvalidIdMalformed');
    await control('faults', { kind: 'throttled', entity: 'calendars', nth: 2, retryAfter: 9 });
    const three = new BatchRequestContent(['1', '2', '3'].map((id) => request({ id, path: `${home}/calendars` }, { method: 'GET' })));
    const some = new BatchResponseContent(await graph.api('/$batch').post(await three.getContent()));
    const statuses = [...some.getResponses()].map(([, answer]) => answer.status).sort();
    assert.deepEqual(statuses, [200, 200, 429]);
    assert.equal([...some.getResponses()].map(([, a]) => a.headers.get('Retry-After')).find(Boolean), '9');
    const many = Array.from({ length: 21 }, (_, i) => ({ id: `${i}`, method: 'GET', url: `${home}/calendars` }));
    await failing(400, 'BadRequest', graph.api('/$batch').post({ requests: many }));
  },
  async 'follows changes'() {
    const window = { startDateTime: '2027-04-01T00:00:00Z', endDateTime: '2027-05-01T00:00:00Z' };
    const headers = { Prefer: 'IdType="ImmutableId", odata.maxpagesize=2' };
    const made = [];
    for (const day of ['05', '06', '07', '08', '09']) made.push(await graph.api(`${home}/events`).headers(immutable).post(event(day, `2027-04-${day}`)));
    const first = await all(await graph.api(`${home}/calendarView/delta`).query(window).headers(headers).get(), headers);
    assert.deepEqual([...byId(first.rows).values()].map((e) => e.subject).sort(), ['05', '06', '07', '08', '09']);
    assert.ok(first.deltaLink);
    const quiet = await all(await graph.api(first.deltaLink).headers(headers).get(), headers);
    assert.deepEqual(quiet.rows, []);
    await graph.api(`${home}/events/${made[0].id}`).headers(immutable).patch({ subject: 'changed' });
    await graph.api(`${home}/events/${made[1].id}`).headers(immutable).delete();
    await graph.api(`${home}/events/${made[2].id}`).headers(immutable).patch({ start: berlin('2027-06-07T10:00:00'), end: berlin('2027-06-07T11:00:00') });
    const next = byId((await all(await graph.api(quiet.deltaLink).headers(headers).get(), headers)).rows);
    assert.equal(next.size, 3);
    assert.equal(next.get(made[0].id).subject, 'changed');
    assert.deepEqual(next.get(made[1].id)['@removed'], { reason: 'deleted' });
    assert.deepEqual(next.get(made[2].id)['@removed'], { reason: 'deleted' });
    await control('delta', { user: USER_NAME });
    const gone = await failing(410, 'SyncStateNotFound', graph.api(quiet.deltaLink).headers(headers).get());
    const anew = await all(await graph.api(gone.headers.get('Location')).headers(headers).get(), headers);
    assert.deepEqual([...byId(anew.rows).values()].map((e) => e.subject).sort(), ['08', '09', 'changed']);
  },
  async 'works with series'() {
    const master = await graph.api(`${home}/events`).headers(immutable).post(event('series', '2027-03-22', {
      recurrence: { pattern: { type: 'weekly', interval: 1, daysOfWeek: ['monday'], firstDayOfWeek: 'monday' }, range: { type: 'numbered', startDate: '2027-03-22', numberOfOccurrences: 4 } },
    }));
    assert.equal(master.type, 'seriesMaster');
    const instances = async () => (await graph.api(`${home}/events/${master.id}/instances`).headers(immutable).query({ startDateTime: '2027-03-01', endDateTime: '2027-06-01' }).get()).value;
    const [, second, third] = await instances();
    assert.equal(second.start.dateTime, '2027-03-29T08:00:00.0000000'); // summer time began the day before
    const moved = await graph.api(`${home}/events/${second.id}`).headers(immutable).patch({ start: berlin('2027-03-30T15:00:00'), end: berlin('2027-03-30T16:00:00') });
    assert.deepEqual([moved.type, moved.id, moved.seriesMasterId], ['exception', second.id, master.id]);
    await failing(400, 'ErrorOccurrenceCrossingBoundary', graph.api(`${home}/events/${second.id}`).headers(immutable).patch({ start: berlin('2027-04-06T15:00:00'), end: berlin('2027-04-06T16:00:00') }));
    await graph.api(`${home}/events/${third.id}`).headers(immutable).delete();
    assert.deepEqual((await instances()).map((e) => e.start.dateTime.slice(0, 16)), ['2027-03-22T09:00', '2027-03-30T13:00', '2027-04-12T08:00']);
    const whole = await graph.api(`${home}/events/${master.id}`).headers(immutable).select('subject,start,cancelledOccurrences,exceptionOccurrences').expand('exceptionOccurrences').get();
    assert.deepEqual(whole.cancelledOccurrences, [`OID.${master.id}.2027-04-05`]);
    assert.deepEqual(whole.exceptionOccurrences.map((e) => e.id), [second.id]);
  },
  async 'works with contacts and pictures'() {
    const made = await graph.api(`${home}/contacts`).headers(immutable).post({ givenName: 'Ada', surname: 'Sample', emailAddresses: [{ address: 'ada@example.org', name: 'Ada' }] });
    const found = await graph.api(`${home}/contacts`).filter("emailAddresses/any(a:a/address eq 'ada@example.org')").headers(immutable).get();
    assert.deepEqual(found.value.map((c) => c.id), [made.id]);
    const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
    await graph.api(`${home}/contacts/${made.id}/photo/$value`).headers({ ...immutable, 'Content-Type': 'image/png' }).put(picture);
    const back = await graph.api(`${home}/contacts/${made.id}/photo/$value`).headers(immutable).responseType(ResponseType.ARRAYBUFFER).get();
    assert.ok(picture.equals(Buffer.from(back)));
    const delta = await all(await graph.api(`${home}/contacts/delta`).headers(immutable).get(), immutable);
    assert.equal(byId(delta.rows).get(made.id).displayName, 'Ada Sample');
  },
  async 'works with tasks'() {
    const lists = (await graph.api(`${home}/todo/lists`).get()).value;
    const list = lists.find((l) => l.wellknownListName === 'defaultList');
    const task = await graph.api(`${home}/todo/lists/${list.id}/tasks`).post({
      title: 'Call', dueDateTime: berlin('2027-01-15T00:00:00'), linkedResources: [{ applicationName: 'Bridge', externalId: 'key', displayName: 'Call' }],
    });
    const read = await graph.api(`${home}/todo/lists/${list.id}/tasks/${task.id}`).expand('linkedResources').headers({ Prefer: 'outlook.timezone="Europe/Berlin"' }).get();
    assert.equal(read.linkedResources[0].externalId, 'key');
    assert.equal(read.dueDateTime.dateTime, '2027-01-15T00:00:00.0000000');
    const done = await graph.api(`${home}/todo/lists/${list.id}/tasks/${task.id}`).patch({ status: 'completed' });
    assert.ok(done.completedDateTime);
    const delta = await all(await graph.api(`${home}/todo/lists/${list.id}/tasks/delta`).get());
    assert.equal(byId(delta.rows).get(task.id).status, 'completed');
  },
  async 'works with mail'() {
    const mail = { subject: 'Angebot', internetMessageId: '<offer@example.org>', from: { emailAddress: { address: 'cid@example.org' } },
      toRecipients: [{ emailAddress: { address: USER_NAME } }], body: { contentType: 'html', content: '<p>Grüße</p>' }, categories: ['CRM'],
      attachments: [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'offer.txt', contentType: 'text/plain', contentBytes: Buffer.from('offer').toString('base64') }] };
    const [{ id }] = await control('deliver', { message: mail, at: '2027-01-15T09:00:00Z' });
    for (let i = 0; i < 12; i += 1) await control('deliver', { message: { ...mail, subject: `other ${i}`, internetMessageId: undefined, categories: [], attachments: [] } });
    const headers = { Prefer: 'IdType="ImmutableId", odata.maxpagesize=5' };
    const found = await graph.api(`${home}/messages`).headers(headers).filter("receivedDateTime ge 2027-01-01T00:00:00Z and categories/any(c:c eq 'CRM')").orderby('receivedDateTime desc').select('id,subject,internetMessageId,hasAttachments').get();
    assert.deepEqual(found.value.map((m) => [m.id, m.internetMessageId, m.hasAttachments]), [[id, '<offer@example.org>', true]]);
    await failing(400, 'InefficientFilter', graph.api(`${home}/messages`).filter("categories/any(c:c eq 'CRM')").orderby('receivedDateTime').get());
    const inbox = await all(await graph.api(`${home}/mailFolders/inbox/messages/delta`).headers(headers).get(), headers);
    assert.equal(byId(inbox.rows).size, 13);
    const archive = await all(await graph.api(`${home}/mailFolders/archive/messages/delta`).headers(headers).get(), headers);
    const files = (await graph.api(`${home}/messages/${id}/attachments`).headers(immutable).select('id,name,size,contentType').get()).value;
    assert.deepEqual(files.map((f) => [f.name, f.contentBytes]), [['offer.txt', undefined]]);
    const bytes = await graph.api(`${home}/messages/${id}/attachments/${files[0].id}/$value`).headers(immutable).responseType(ResponseType.ARRAYBUFFER).get();
    assert.equal(Buffer.from(bytes).toString(), 'offer');
    const mime = await graph.api(`${home}/messages/${id}/$value`).headers(immutable).responseType(ResponseType.TEXT).get();
    assert.match(mime, /^Message-ID: <offer@example.org>\r$/m);
    await graph.api(`${home}/messages/${id}/move`).headers(immutable).post({ destinationId: 'archive' });
    const left = byId((await all(await graph.api(inbox.deltaLink).headers(headers).get(), headers)).rows);
    assert.deepEqual(left.get(id)['@removed'], { reason: 'deleted' });
    assert.equal(byId((await all(await graph.api(archive.deltaLink).headers(headers).get(), headers)).rows).get(id).subject, 'Angebot');
    await graph.api(`${home}/sendMail`).post({ message: { subject: 'To myself', toRecipients: mail.toRecipients } });
    const both = (await graph.api(`${home}/messages`).filter("subject eq 'To myself'").get()).value;
    assert.equal(both.length, 2);
    assert.equal(both[0].internetMessageId, both[1].internetMessageId);
  },
  async 'uploads large files'() {
    const content = Buffer.alloc(7_000_001, 'abcdefghij');
    const upload = async (path, payload) => {
      const session = await LargeFileUploadTask.createUploadSession(graph, path, payload);
      const file = { content, size: content.length, sliceFile: (range) => content.subarray(range.minValue, range.maxValue + 1) };
      return (await new LargeFileUploadTask(bare, file, session, { rangeSize: 3 * 1024 * 1024 }).upload()).location;
    };
    const made = await graph.api(`${home}/events`).post(event('with a file', '2027-08-01'));
    const where = await upload(`${home}/events/${made.id}/attachments/createUploadSession`, { AttachmentItem: { attachmentType: 'file', name: 'big.bin', size: content.length } });
    const id = /Attachments\('(.*)'\)$/.exec(where)[1];
    const back = await graph.api(`${home}/events/${made.id}/attachments/${id}/$value`).responseType(ResponseType.ARRAYBUFFER).get();
    assert.ok(content.equals(Buffer.from(back)));
    await failing(400, 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize', graph.api(`${home}/events/${made.id}/attachments/createUploadSession`).post({ AttachmentItem: { attachmentType: 'file', name: 'small', size: 9 } }));
    await failing(413, 'RequestEntityTooLarge', graph.api(`${home}/events/${made.id}/attachments`).post({ '@odata.type': '#microsoft.graph.fileAttachment', name: 'big', contentBytes: content.toString('base64') }));
  },
  async 'is told to wait'() {
    const before = (await control('state')).counts['GET mailboxSettings'] ?? 0;
    await control('faults', { kind: 'throttled', entity: 'mailboxSettings', count: 1, retryAfter: 1 });
    const begin = Date.now();
    assert.equal((await graph.api(`${home}/mailboxSettings`).get()).timeZone, 'W. Europe Standard Time');
    assert.ok(Date.now() - begin >= 900, 'did not wait');
    assert.equal((await control('state')).counts['GET mailboxSettings'] - before, 2);
  },
  async 'reads large errors'() {
    await control('faults', { kind: 'status', entity: 'mailboxSettings', status: 500, code: 'ErrorInternalServerError', message: 'ä'.repeat(100_000), count: 1 });
    const error = await failing(500, 'ErrorInternalServerError', graph.api(`${home}/mailboxSettings`).get());
    assert.equal(error.message.length, 100_000);
    await control('faults', { kind: 'truncate', entity: 'mailboxSettings', count: 1 });
    await assert.rejects(graph.api(`${home}/mailboxSettings`).get());
    await control('faults', { kind: 'lost', entity: 'events', method: 'POST', count: 1 });
    await assert.rejects(graph.api(`${home}/events`).post(event('lost', '2027-07-01', { transactionId: 'lost' })));
    const again = await graph.api(`${home}/events`).post(event('lost', '2027-07-01', { transactionId: 'lost' }));
    const found = await graph.api(`${home}/events`).filter("subject eq 'lost'").get();
    assert.deepEqual(found.value.map((e) => e.id), [again.id]);
  },
};

for (const [name, run] of Object.entries(steps)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (e) {
    console.log(`not ok ${name}: ${String(e.stack ?? JSON.stringify(e)).replace(/\s+/g, ' ').slice(0, 1500)}`);
  }
}
console.log('end');
