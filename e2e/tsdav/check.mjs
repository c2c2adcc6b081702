// Uses tsdav as programs do (n8n, Twenty, assistants' calendar tools). Prints "ok STEP" or "not ok STEP: REASON" for
// each step, and "end".
import assert from 'node:assert/strict';
import { DAVClient } from 'tsdav';

const { BASE_URL, USER_NAME, PASSWORD, CALENDAR, BOOK } = process.env;
const connect = (type) => new DAVClient({
  serverUrl: BASE_URL, credentials: { username: USER_NAME, password: PASSWORD }, authMethod: 'Basic', defaultAccountType: type,
});
const event = (uid, title, ...lines) => ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//example.org//e2e//EN', 'BEGIN:VEVENT', `UID:${uid}`,
  'DTSTAMP:20270101T000000Z', 'DTSTART:20270115T100000Z', 'DTEND:20270115T110000Z', `SUMMARY:${title}`, ...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n');
const card = (uid, name) => ['BEGIN:VCARD', 'VERSION:3.0', `UID:${uid}`, `FN:${name}`, `N:${name.split(' ').reverse().join(';')};;;`, 'END:VCARD', ''].join('\r\n');
const titles = (objects) => objects.map((o) => /SUMMARY:(.*)\r/.exec(o.data)[1]).sort();

const calendars = connect('caldav');
const books = connect('carddav');
let calendar;
let book;

const steps = {
  async 'discovers calendars'() {
    await calendars.login();
    const all = await calendars.fetchCalendars();
    calendar = all.find((c) => c.url === CALENDAR);
    assert.ok(calendar, all.map((c) => c.url).join(' '));
    assert.equal(calendar.displayName, 'Work');
    assert.deepEqual([...calendar.components].sort(), ['VEVENT', 'VTODO']);
    assert.ok(calendar.ctag && calendar.syncToken, 'no ctag or sync token');
    assert.ok(calendar.reports.includes('syncCollection'), calendar.reports.join(' '));
  },
  async 'discovers address books'() {
    await books.login();
    const all = await books.fetchAddressBooks();
    book = all.find((b) => b.url === BOOK);
    assert.ok(book, all.map((b) => b.url).join(' '));
    assert.equal(book.displayName, 'Contacts');
  },
  async 'creates'() {
    const made = await calendars.createCalendarObject({ calendar, filename: 'one.ics', iCalString: event('one', 'Grüße 日本') });
    assert.equal(made.status, 201);
    const again = await calendars.createCalendarObject({ calendar, filename: 'one.ics', iCalString: event('one', 'Twice') });
    assert.equal(again.status, 412);
    await calendars.createCalendarObject({ calendar, filename: 'two.ics', iCalString: event('two', 'Series', 'RRULE:FREQ=DAILY;COUNT=3') });
    assert.equal((await books.createVCard({ addressBook: book, filename: 'ann.vcf', vCardString: card('ann', 'Ann Example') })).status, 201);
  },
  async 'lists'() {
    assert.deepEqual(titles(await calendars.fetchCalendarObjects({ calendar })), ['Grüße 日本', 'Series']);
    const range = { start: '2027-01-16T00:00:00Z', end: '2027-01-17T00:00:00Z' };
    assert.deepEqual(titles(await calendars.fetchCalendarObjects({ calendar, timeRange: range })), ['Series']);
    const [expanded] = await calendars.fetchCalendarObjects({ calendar, timeRange: range, expand: true });
    assert.match(expanded.data, /RECURRENCE-ID:20270116T100000Z/);
    const cards = await books.fetchVCards({ addressBook: book });
    assert.equal(cards.length, 1);
    assert.match(cards[0].data, /FN:Ann Example/);
  },
  async 'synchronises'() {
    const fresh = (await calendars.fetchCalendars()).find((c) => c.url === CALENDAR);
    const mine = {
      ...fresh, objects: await calendars.fetchCalendarObjects({ calendar: fresh }), objectMultiGet: (wanted) => calendars.calendarMultiGet(wanted),
    };
    const one = mine.objects.find((o) => o.url.endsWith('/one.ics'));
    const changed = await calendars.updateCalendarObject({ calendarObject: { ...one, data: event('one', 'Changed') } });
    assert.equal(changed.status, 204);
    await calendars.createCalendarObject({ calendar, filename: 'three.ics', iCalString: event('three', 'New') });
    const two = mine.objects.find((o) => o.url.endsWith('/two.ics'));
    assert.equal((await calendars.deleteCalendarObject({ calendarObject: two })).status, 204);
    const seen = await calendars.smartCollectionSync({ collection: mine, method: 'webdav', account: calendars.account, detailedResult: true });
    assert.deepEqual(titles(seen.objects.created), ['New']);
    assert.deepEqual(titles(seen.objects.updated), ['Changed']);
    assert.deepEqual(seen.objects.deleted.map((o) => o.url), [two.url]);
    assert.notEqual(seen.syncToken, mine.syncToken);
    assert.equal((await calendars.isCollectionDirty({ collection: mine })).isDirty, true);
  },
  async 'is told of a conflict'() {
    const [one] = (await calendars.fetchCalendarObjects({ calendar })).filter((o) => o.url.endsWith('/one.ics'));
    await calendars.updateCalendarObject({ calendarObject: { ...one, data: event('one', 'First') } });
    assert.equal((await calendars.updateCalendarObject({ calendarObject: { ...one, data: event('one', 'Second') } })).status, 412);
    assert.equal((await calendars.deleteCalendarObject({ calendarObject: one })).status, 412);
  },
  async 'makes a calendar'() {
    const url = new URL('../tsdav-made/', CALENDAR).href;
    await calendars.makeCalendar({ url, props: { displayname: 'Made by tsdav' } });
    const made = (await calendars.fetchCalendars()).find((c) => c.url === url);
    assert.equal(made?.displayName, 'Made by tsdav');
    assert.equal((await calendars.deleteObject({ url })).status, 204);
  },
  async 'deletes'() {
    for (const calendarObject of await calendars.fetchCalendarObjects({ calendar })) {
      assert.equal((await calendars.deleteCalendarObject({ calendarObject })).status, 204);
    }
    assert.deepEqual(await calendars.fetchCalendarObjects({ calendar }), []);
    const [vCard] = await books.fetchVCards({ addressBook: book });
    assert.equal((await books.updateVCard({ vCard: { ...vCard, data: card('ann', 'Ann Renamed') } })).status, 204);
    const [now] = await books.fetchVCards({ addressBook: book });
    assert.match(now.data, /FN:Ann Renamed/);
    assert.equal((await books.deleteVCard({ vCard: now })).status, 204);
  },
};

for (const [name, run] of Object.entries(steps)) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (e) {
    console.log(`not ok ${name}: ${String(e.stack ?? e).replace(/\s+/g, ' ').slice(0, 1500)}`);
  }
}
console.log('end');
